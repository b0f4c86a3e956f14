//! Plimsoll as the protocol suites want it: a server or a client for each, as a subcommand.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod suites;

use std::process::ExitCode;

use clap::Parser;

use self::suites::Suite;

#[tokio::main]
async fn main() -> ExitCode {
    match Suite::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}
