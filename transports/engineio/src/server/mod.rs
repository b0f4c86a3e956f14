//! The server: requests on one side, the connection of a session on the other.
//!
//! ```text
//!   transport.rs   which request is for whom
//!     handshake.rs   opens a session
//!     poll.rs        GET: takes from the session bridge
//!     post.rs        POST: brings to the session bridge
//!   client.rs      what requests and connection share
//!   connection.rs  the session as the endpoint's task sees it
//!     carrier.rs     by polling, or over a WebSocket (wire.rs)
//!     probe.rs       a WebSocket that is tried out, by the rules of upgrade.rs
//!     heartbeat.rs   who asks whom, and until when
//! ```

mod answer;
mod carrier;
mod client;
mod compression;
mod connection;
mod frames;
mod handshake;
mod heartbeat;
#[cfg(test)]
mod model;
mod poll;
mod post;
mod probe;
mod transport;
mod upgrade;
mod wire;

pub use self::transport::EngineIo;
