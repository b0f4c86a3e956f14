//! Limits: how fast a peer may send, and how many connections there may be.
//!
//! A server on the Internet meets clients that send without a pause, that connect without end,
//! or that do so by mistake after an outage. [`RateLimit`] bounds what one connection may send,
//! [`ConnectionLimit`] how many connections there are and how fast new ones come.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Socket};
//! use plimsoll_limit::{ConnectionLimit, RateLimit};
//! use plimsoll_memory::Memory;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! let endpoint = Endpoint::builder()
//!     .plugin(ConnectionLimit::new().total(2).per_address(50).handshakes_per_address(5, 50))
//!     .plugin(RateLimit::new().messages(20, 40).bytes(64 * 1024, 256 * 1024))
//!     .handle(async |mut socket: Socket| while let Some(Ok(_)) = socket.recv().await {})?;
//! # let memory = Memory::new();
//! # let listener = memory.listen("here")?;
//! # tokio::spawn(async move { endpoint.listen(listener).await });
//! # let dialer = Dialer::builder().transport(memory.connector()).build()?;
//!
//! let first = dialer.connect("mem://here").await?;
//! let second = dialer.connect("mem://here").await?;
//! let error = dialer.connect("mem://here").await.unwrap_err();
//! let reject = error.reject().expect("a server that is full");
//! assert_eq!(reject.status(), 503);
//! assert!(reject.headers().contains_key("retry-after"));
//! # Ok(())
//! # }
//! ```
//!
//! # The limits
//!
//! | limit | of | default | who is over it |
//! |---|---|---|---|
//! | [`messages`](RateLimit::messages) | a connection | none | has to wait, or as the [policy](RatePolicy) says |
//! | [`bytes`](RateLimit::bytes) | a connection | none | as above |
//! | [`control`](RateLimit::control): pings and pongs | a connection | 10 per second, 20 at once | as above |
//! | [`total`](ConnectionLimit::total) | all open connections | none | is turned away with 503 |
//! | [`per_address`](ConnectionLimit::per_address) | those of one address | none | is turned away with 429 |
//! | [`per_key`](ConnectionLimit::per_key) | those of one user, for example | none | is turned away with 429 |
//! | [`handshakes`](ConnectionLimit::handshakes) | all attempts | none | is turned away with 503 |
//! | [`handshakes_per_address`](ConnectionLimit::handshakes_per_address) | those of one address | none | is turned away with 429 |
//!
//! Who is turned away is asked to come back by `Retry-After`, or by the delay in the close where
//! there is no HTTP: as soon as the limit allows it, and one to five seconds later at random. A
//! client of this project obeys it when it connects again.
//!
//! # Rates
//!
//! Each rate is a token bucket: `per_second` tokens come in each second, and up to `burst` of
//! them are kept. So in any span of time at most the burst and what comes in that time may pass.
//! Timers are precise to a millisecond only, so let the burst be at least a hundredth of the rate:
//! with less, a peer that is made to wait does not reach it.
//!
//! While a peer has to wait, nothing is read from its connection, pings and its close included.
//!
//! # Addresses
//!
//! An address is that of the connection, or what trusted proxies say. IPv6 addresses with the
//! first [64 bits](ConnectionLimit::ipv6_prefix) in common are one. Connections without an
//! Internet address, such as those over Unix sockets or memory, are not limited by address.
//!
//! # Order
//!
//! Add [`ConnectionLimit`] first, before plugins whose handshake costs something; with
//! [`per_key`](ConnectionLimit::per_key) a second one after the plugin that finds out who asks.
//! Add [`RateLimit`] after a heartbeat, which can then tell a peer that has to wait from a dead
//! one, and before plugins that work on messages.

mod bucket;
mod census;
mod connection_limit;
mod metered;
mod network;
mod rate_limit;
mod recent;
mod refusal;
mod seat;

pub use connection_limit::ConnectionLimit;
pub use rate_limit::{RateLimit, RatePolicy};
