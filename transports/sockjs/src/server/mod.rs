//! The server: requests on one side, the connection of a session on the other.
//!
//! ```text
//!   sockjs.rs      which request is for whom
//!     pages.rs       what needs no session
//!     receive.rs     opens sessions, and takes from the session bridge
//!       chunk.rs       what waits, as the client gets it
//!       stream.rs      the body of a long response
//!     send.rs        brings to the session bridge
//!     upgrade.rs     opens WebSockets, framed or raw
//!   client.rs      what requests know of a session
//!   connection.rs  a session over requests, as the endpoint's task sees it
//!   framed.rs      a session over WebSocket, as the endpoint's task sees it
//!     pings.rs       whether its client lives
//! ```

mod chunk;
mod client;
mod connection;
mod framed;
mod pages;
mod pings;
mod receive;
mod send;
mod sockjs;
mod stream;
mod upgrade;

pub use self::sockjs::SockJs;

/// The transport's name in [`Info::transport`](plimsoll::Info::transport).
const NAME: &str = "sockjs";
