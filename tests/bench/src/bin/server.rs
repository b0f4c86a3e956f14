//! One of the servers of the comparison: see `server --help`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

use std::process::ExitCode;

use plimsoll_bench::arguments::Arguments;
use plimsoll_bench::server::{self, HELP, Options};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_env();
    if arguments.take("--help") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let result = Options::parse(arguments)
        .and_then(|options| server::run(&options, |address| println!("listening on {address}")));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error}");
            ExitCode::from(2)
        }
    }
}
