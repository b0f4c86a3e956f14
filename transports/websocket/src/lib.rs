//! Plimsoll over WebSocket (RFC 6455): the one transport that every browser speaks.
//!
//! [`WebSocket`] takes connections inside an HTTP server, over HTTP/1.1 and over HTTP/2
//! (RFC 8441), and [`WebSocketConnector`] makes them. Both keep to the same [`Options`]: a
//! hostile server gets no further than a hostile client.
//!
//! The protocol itself is tungstenite's.

mod client;
mod duplex;
mod frames;
mod handshake;
mod http1;
mod http2;
mod io;
mod options;
mod proxy;
mod server;
mod text;
#[cfg(feature = "tls")]
mod tls;

pub use self::client::WebSocketConnector;
pub use self::options::Options;
pub use self::proxy::Proxy;
pub use self::server::WebSocket;
#[cfg(feature = "tls")]
pub use self::tls::ClientTls;

/// The transport's name in [`Info::transport`](plimsoll::Info::transport).
const NAME: &str = "websocket";
