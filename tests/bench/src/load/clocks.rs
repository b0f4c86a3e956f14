//! What time has passed, and who has used it.

use std::io;
use std::time::{Duration, Instant};

use crate::process::{MachineTime, cpu_time};

/// All clocks at one moment.
pub(super) struct Clocks {
    pid: Option<u32>,
    wall: Instant,
    server: Duration,
    load: Duration,
    machine: MachineTime,
}

/// What has passed on them since.
pub(super) struct Used {
    pub(super) wall: Duration,
    pub(super) server: Duration,
    pub(super) load: Duration,
    pub(super) machine: MachineTime,
}

impl Clocks {
    pub(super) fn read(pid: Option<u32>) -> io::Result<Self> {
        Ok(Self {
            pid,
            wall: Instant::now(),
            server: pid.map_or(Ok(Duration::ZERO), cpu_time)?,
            load: cpu_time(std::process::id())?,
            machine: MachineTime::now()?,
        })
    }

    pub(super) fn elapsed(&self) -> io::Result<Used> {
        let now = Self::read(self.pid)?;
        Ok(Used {
            wall: now.wall - self.wall,
            // A thread that ends takes its time with it.
            server: now.server.saturating_sub(self.server),
            load: now.load.saturating_sub(self.load),
            machine: MachineTime {
                busy: now.machine.busy.saturating_sub(self.machine.busy),
                stolen: now.machine.stolen.saturating_sub(self.machine.stolen),
            },
        })
    }
}

impl Used {
    /// How many cores this time kept busy.
    pub(super) fn cores(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// How many cores all but the server and the load kept busy.
    pub(super) fn other_cores(&self) -> f64 {
        self.cores(self.machine.busy.saturating_sub(self.server + self.load))
    }
}
