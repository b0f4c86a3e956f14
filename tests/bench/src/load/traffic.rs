//! The modes that send messages, and the window in which they are measured.

use std::io;
use std::time::{Duration, Instant};

use super::broadcast::Broadcast;
use super::clocks::{Clocks, Used};
use super::echo::Echo;
use super::fleet::{Fleet, TICK};
use super::options::Options;
use super::report::{Latency, ServerShare, Traffic};
use super::workload::{Metered, Silence};

pub(super) fn echo(fleet: &mut Fleet, options: &Options) -> io::Result<Traffic> {
    if !fleet.connect(options.connections)? {
        return Ok(Traffic::default());
    }
    let mut echo = Echo::new(options.connections, options.in_flight);
    for session in 0..options.connections {
        let order = echo.start(session, fleet.now());
        fleet.send(order)?;
    }
    let traffic = measure(fleet, &mut echo, options)?;
    fleet.close(&mut echo)?;
    Ok(traffic)
}

pub(super) fn broadcast(fleet: &mut Fleet, options: &Options) -> io::Result<Traffic> {
    if !fleet.connect(options.connections)? {
        return Ok(Traffic::default());
    }
    // A server may subscribe a connection a moment after it has accepted it.
    fleet.spin(Duration::from_millis(200), &mut Silence)?;
    let mut broadcast = Broadcast::new(options.connections);
    let order = broadcast.publish(options.in_flight, fleet.now());
    fleet.send(order)?;
    let mut traffic = measure(fleet, &mut broadcast, options)?;
    traffic.complete = Some(Latency::of(&broadcast.meter().complete));
    fleet.close(&mut broadcast)?;
    Ok(traffic)
}

/// Runs the warm-up and then the window.
///
/// Both may be as long as the server needs to use a given CPU time: on a machine that others use,
/// too, a run that starves then measures as much work as one that does not.
fn measure(
    fleet: &mut Fleet,
    workload: &mut impl Metered,
    options: &Options,
) -> io::Result<Traffic> {
    let warm_up = Clocks::read(options.pid)?;
    let longest = options.warm_up.max(options.warm_up_cpu * 10);
    run(fleet, workload, |_| {
        let used = warm_up.elapsed()?;
        Ok(used.wall >= longest
            || (used.wall >= options.warm_up && used.server >= options.warm_up_cpu))
    })?;

    workload.meter().start();
    let window = Clocks::read(options.pid)?;
    run(fleet, workload, |messages| {
        let used = window.elapsed()?;
        Ok(used.wall >= options.window
            || options.window_cpu.is_some_and(|limit| used.server >= limit)
            || options.messages.is_some_and(|limit| messages >= limit))
    })?;
    let used = window.elapsed()?;
    let meter = workload.meter();
    meter.measuring = false;
    Ok(used.traffic(meter.messages, Latency::of(&meter.latency), options.pid.is_some()))
}

/// Takes turns until `done`, which is given the number of messages so far.
fn run(
    fleet: &mut Fleet,
    workload: &mut impl Metered,
    done: impl Fn(u64) -> io::Result<bool>,
) -> io::Result<()> {
    let mut look = Instant::now();
    while !fleet.failures().too_many() {
        let now = Instant::now();
        if now >= look {
            if done(workload.meter().messages)? {
                break;
            }
            look = now + TICK;
        }
        fleet.turn(TICK, workload)?;
    }
    Ok(())
}

impl Used {
    fn traffic(&self, messages: u64, latency: Latency, server_known: bool) -> Traffic {
        let wall = self.wall.as_secs_f64();
        let per_message = |time: Duration| time.as_secs_f64() * 1e6 / messages.max(1) as f64;
        Traffic {
            seconds: wall,
            messages,
            messages_per_second: messages as f64 / wall,
            server: server_known.then(|| ServerShare {
                us: per_message(self.server),
                cores: self.cores(self.server),
            }),
            load_us: per_message(self.load),
            load_cores: self.cores(self.load),
            other_cores: self.other_cores(),
            stolen_cores: self.cores(self.machine.stolen),
            latency,
            complete: None,
        }
    }
}
