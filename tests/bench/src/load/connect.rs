//! The mode that opens and closes connections.

use std::io;
use std::time::{Duration, Instant};

use super::clocks::Clocks;
use super::fleet::Fleet;
use super::options::Options;
use super::report::Connect;
use super::workload::Silence;
use crate::process::cpu_time;

/// Opens all connections, then closes them, as many times as asked for.
pub(super) fn run(fleet: &mut Fleet, options: &Options) -> io::Result<Connect> {
    let server = || options.pid.map_or(Ok(Duration::ZERO), cpu_time);
    if !fleet.connect(options.warm_connections)? {
        return Ok(Connect::default());
    }
    fleet.close(&mut Silence)?;
    fleet.spin(PAUSE, &mut Silence)?;

    let clocks = Clocks::read(options.pid)?;
    let (mut wall, mut open, mut open_close) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for _ in 0..options.rounds {
        let (start, before) = (Instant::now(), server()?);
        if !fleet.connect(options.connections)? {
            return Ok(Connect::default());
        }
        wall += start.elapsed();
        fleet.spin(PAUSE, &mut Silence)?;
        open += server()?.saturating_sub(before);
        fleet.close(&mut Silence)?;
        fleet.spin(PAUSE, &mut Silence)?;
        open_close += server()?.saturating_sub(before);
    }

    let used = clocks.elapsed()?;
    let count = (options.connections * options.rounds) as f64;
    Ok(Connect {
        connections_per_second: count / wall.as_secs_f64(),
        open_us: open.as_secs_f64() * 1e6 / count,
        open_close_us: open_close.as_secs_f64() * 1e6 / count,
        other_cores: used.other_cores() + used.cores(used.machine.stolen),
    })
}

/// So that the server has finished what it does after the last byte.
const PAUSE: Duration = Duration::from_millis(200);
