//! The conformance kit: checks any transport against the contract of
//! [`Duplex`](plimsoll::Duplex).
//!
//! A transport is given as an async closure that makes fresh pairs of connected ends. The kit
//! runs [each rule](#the-cases) on pairs of its own, in both directions, and tells of a broken
//! rule at which end, what was expected and what came instead.
//!
//! ```
//! use plimsoll_memory::{Options, pair};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! plimsoll_conformance::check(async || pair(Options::default()).unwrap()).await;
//! # }
//! ```
//!
//! # A transport of your own
//!
//! Add the package to your `[dev-dependencies]`, by its Git address, and write one test. What
//! makes a pair is up to you:
//!
//! - Two duplexes over something in memory, for example the two ends of a
//!   `tokio::io::duplex`: [`Pair::new`]. Quick, and enough for a first look.
//! - A server and a client as an application uses them, over real sockets: [`Harness`].
//!
//! The pair says what the transport can do, and the [`Kit`] is told what its limits are:
//!
//! ```
//! # mod your_transport {
//! #     pub fn pair() -> (plimsoll::BoxDuplex, plimsoll::BoxDuplex) {
//! #         plimsoll_memory::pair(plimsoll_memory::Options::default()).unwrap()
//! #     }
//! # }
//! use plimsoll::Capabilities;
//! use plimsoll_conformance::{Kit, Pair};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let make_pair = async || {
//!     let (client, server) = your_transport::pair();
//!     Pair::new(client, server).with_capabilities(Capabilities::FULL)
//! };
//! Kit::new().max_message(32 * 1024).buffer_bound(1024 * 1024).check(make_pair).await;
//! # }
//! ```
//!
//! The closure runs on the test's runtime, as do the cases: a transport that needs a runtime with
//! more than one thread gets it from `#[tokio::test(flavor = "multi_thread")]`. A case that hangs
//! ends after [`Kit::deadline`], one that panics fails alone. Run it with
//! `#[tokio::test(start_paused = true)]` only if no pair needs the operating system.
//!
//! # The cases
#![doc = include_str!("cases.md")]

mod cases;
mod kit;

pub use kit::{Failed, Harness, Kit, Pair, Report};

/// Runs all cases with the [default options](Kit::new): see [`Kit::check`].
///
/// # Panics
///
/// Panics if a case fails, after all have run.
pub async fn check<P: Into<Pair>>(make_pair: impl AsyncFn() -> P) -> Vec<&'static str> {
    Kit::new().check(make_pair).await
}
