//! The mode that opens connections and leaves them alone.

use std::io;
use std::time::Instant;

use super::fleet::Fleet;
use super::options::Options;
use super::report::Idle;
use super::workload::Silence;
use crate::process::resident_kib;

/// Reads the server's memory without the connections and with them.
///
/// A few connections come and go first, so that what a server allocates once is there already.
pub(super) fn run(fleet: &mut Fleet, options: &Options) -> io::Result<Idle> {
    let resident = || options.pid.map_or(Ok(0), resident_kib);
    if !fleet.connect(options.warm_connections)? {
        return Ok(Idle::default());
    }
    fleet.close(&mut Silence)?;
    fleet.spin(options.settle, &mut Silence)?;
    let before_kib = resident()?;

    let start = Instant::now();
    if !fleet.connect(options.connections)? {
        return Ok(Idle::default());
    }
    let connect_seconds = start.elapsed().as_secs_f64();
    fleet.spin(options.settle, &mut Silence)?;
    let after_kib = resident()?;
    fleet.close(&mut Silence)?;

    let grown = after_kib as f64 - before_kib as f64;
    let kib_per_connection = grown / options.connections as f64;
    Ok(Idle { before_kib, after_kib, kib_per_connection, connect_seconds })
}
