//! The comparison: each server against the load, in turns, and the medians as a table.
//!
//! The machine is shared and noisy, and this is what is done about it:
//!
//! - the result is the CPU time of the server, not a rate;
//! - server and load have a core each;
//! - a window lasts until the server has used a given CPU time, so that a run which had to wait
//!   measures as much work as the others;
//! - implementations take turns, another one first in each round, with a new process each time,
//!   and the median of the rounds counts;
//! - a run during which others kept the machine busy is discarded and repeated. When it never
//!   gets quiet, the quietest attempt counts, and the text under the table says so.

mod child;
mod contender;
mod options;
mod results;
mod scenario;
mod table;

use std::io;

pub use self::contender::Contender;
pub use self::options::{HELP, Options};
pub use self::results::{Results, Sample};
pub use self::scenario::Scenario;

use self::child::Child;
use crate::load::{self, Figures};

/// Runs the comparison. `progress` gets a line for each run.
///
/// # Errors
/// The command line asks for nothing. What goes wrong with one implementation is noted in the
/// results, and the others go on.
pub fn run(options: &Options, mut progress: impl FnMut(&str)) -> io::Result<Results> {
    options.check()?;
    let mut results = Results::default();
    let contenders = options.contenders();
    for round in 0..options.rounds {
        for &scenario in &options.scenarios {
            if round >= scenario.rounds(options.rounds) {
                continue;
            }
            let count = contenders.len();
            for &contender in contenders.iter().cycle().skip(round % count).take(count) {
                if results.has_failed(scenario, contender) {
                    continue;
                }
                let attempt = || measure(options, scenario, contender);
                let line = match results.record(scenario, contender, options, attempt) {
                    Ok(sample) => format!("{:.3} {}", sample.value, scenario.unit()),
                    Err(error) => error.to_string(),
                };
                let (name, round) = (contender.name(options.protocol), round + 1);
                progress(&format!("round {round}, {}, {name}: {line}", scenario.name()));
            }
        }
    }
    Ok(results)
}

fn measure(options: &Options, scenario: Scenario, contender: Contender) -> io::Result<Sample> {
    let server = Child::start(contender.implementation, options.server_core)?;
    let mut run = scenario.load(server.address(), contender.protocol, options.quick);
    run.pid = Some(server.pid());
    run.core = options.load_core;
    let report = load::run(&run)?;
    if report.errors > 0 {
        return Err(io::Error::other(report.first_errors.join("; ")));
    }
    match report.figures {
        Figures::Idle(idle) => Ok(Sample { value: idle.kib_per_connection, other_cores: 0.0 }),
        Figures::Traffic(traffic) if traffic.messages > 0 => {
            let value = traffic.server.unwrap_or_default().us;
            Ok(Sample { value, other_cores: traffic.other_cores + traffic.stolen_cores })
        }
        Figures::Traffic(_) => Err(io::Error::other("no message came back")),
        Figures::Connect(connect) if connect.open_close_us > 0.0 => {
            Ok(Sample { value: connect.open_close_us, other_cores: connect.other_cores })
        }
        Figures::Connect(_) => Err(io::Error::other("no connection was opened")),
    }
}
