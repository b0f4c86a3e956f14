//! Keeps a server busy and prints one line of JSON: see `load --help`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::io;
use std::process::ExitCode;

use plimsoll_bench::arguments::Arguments;
use plimsoll_bench::load::{self, HELP, Options};

fn main() -> ExitCode {
    match run(Arguments::from_env()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::from(2)
        }
    }
}

/// The number of errors in the conversation with the server.
fn run(mut arguments: Arguments) -> io::Result<u64> {
    if arguments.take("--help") {
        print!("{HELP}");
        return Ok(0);
    }
    let report = load::run(&Options::parse(arguments)?)?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(report.errors)
}
