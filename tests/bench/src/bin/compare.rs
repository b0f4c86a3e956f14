//! Compares the servers and prints a table: see `compare --help`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::io;
use std::process::ExitCode;

use plimsoll_bench::arguments::Arguments;
use plimsoll_bench::compare::{self, HELP, Options};
use plimsoll_bench::server;

fn main() -> ExitCode {
    match run(Arguments::from_env()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether everything worked.
fn run(mut arguments: Arguments) -> io::Result<bool> {
    if arguments.take("--help") {
        print!("{HELP}");
        return Ok(true);
    }
    if arguments.take("serve") {
        let options = server::Options::parse(arguments)?;
        server::run(&options, |address| println!("listening on {address}"))?;
        return Ok(true);
    }
    let options = Options::parse(arguments)?;
    let results = compare::run(&options, |line| eprintln!("{line}"))?;
    print!("{}", results.to_markdown(&options));
    Ok(!results.any_failed())
}
