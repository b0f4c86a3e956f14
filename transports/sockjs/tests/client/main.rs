//! The client with servers: Node's `sockjs`, our own, and hostile ones.
#![expect(clippy::print_stderr, reason = "says why a test is skipped")]

#[macro_use]
mod scenarios;

mod contract;
mod ground;
mod hostile;
mod node;
mod own;
