//! The load: one thread, raw sockets, any number of connections.
//!
//! Start reading at [`Options`] for what can be asked for and at `fleet` for the loop that does
//! it. Three things are kept apart, so that each can be added to alone:
//!
//! - a *protocol* (`protocols/`, one file each) says how one session speaks: bytes in, bytes and
//!   events out, no I/O. It compares each message it gets with what must come, byte for byte;
//! - a *workload* (`echo`, `broadcast`) says who sends when, whatever the protocol;
//! - a *mode* (`traffic`, `idle`, `connect`) says what is measured.
//!
//! The load shares the machine with the server, so it must be cheap: a message is one copy of
//! prepared bytes into a buffer, and whatever one wake-up brings is answered with one write.

mod broadcast;
mod clocks;
mod connect;
mod echo;
mod failures;
mod fleet;
mod histogram;
mod idle;
mod meter;
mod options;
mod poller;
mod protocol;
mod protocols;
mod report;
mod session;
mod socket;
mod traffic;
mod workload;

use std::io;

pub use self::options::{HELP, Mode, Options};
pub use self::protocols::Protocols;
pub use self::report::{Connect, Figures, Idle, Latency, Report, ServerShare, Traffic};

use self::fleet::Fleet;
use crate::process;

/// Does one run and reports it.
///
/// Pins the calling thread when the options ask for it.
///
/// # Errors
/// The server cannot be reached, or the machine refuses what the run needs. What goes wrong in the
/// conversation with the server is counted in the report instead.
pub fn run(options: &Options) -> io::Result<Report> {
    if let Some(core) = options.core {
        process::pin(core)?;
    }
    process::raise_open_files();
    let mut fleet = Fleet::new(options)?;
    let figures = match options.mode {
        Mode::Broadcast => Figures::Traffic(traffic::broadcast(&mut fleet, options)?),
        Mode::Connect => Figures::Connect(connect::run(&mut fleet, options)?),
        Mode::Echo => Figures::Traffic(traffic::echo(&mut fleet, options)?),
        Mode::Idle => Figures::Idle(idle::run(&mut fleet, options)?),
    };
    Ok(Report::new(options, figures, fleet.into_failures()))
}
