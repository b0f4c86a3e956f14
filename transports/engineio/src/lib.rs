//! Plimsoll over [Engine.IO]: connections that begin as HTTP long-polling, which passes through
//! every proxy, and move to WebSocket where that works.
//!
//! [`EngineIo`] takes sessions in an HTTP server. It speaks protocol 4, and protocol 3 if
//! [`Options::allow_eio3`] is set, for clients of Engine.IO 3 and Socket.IO 2.
//! [`EngineIoConnector`] opens sessions, with protocol 4 only.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, HttpService, Origins, Socket};
//! use plimsoll_engineio::{EngineIo, Options};
//! use plimsoll_http::Server;
//!
//! async fn echo(mut socket: Socket) {
//!     while let Some(Ok(message)) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             break;
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! let endpoint = Endpoint::builder().handle(echo)?;
//! let service = HttpService::builder(endpoint)
//!     .at("/engine.io/", EngineIo::new(Options::default()))
//!     // The client below is no browser, and names no origin.
//!     .origins(Origins::same_host().or_absent())
//!     .build()?;
//! let server = Server::new(service).bind("127.0.0.1:0").await?;
//! let url = format!("engineio+http://{}/engine.io/", server.local_addr());
//! tokio::spawn(server.serve());
//!
//! let dialer = Dialer::builder().transport(EngineIo::connector()).build()?;
//! let mut socket = dialer.connect(url).await?;
//! socket.send("ahoy").await?;
//! let message = socket.recv().await.expect("an echo")?;
//! assert_eq!(message.as_text(), Some("ahoy"));
//! # Ok(())
//! # }
//! ```
//!
//! # Options of a server
//!
//! ```
//! use std::time::Duration;
//!
//! use plimsoll_engineio::{Cookie, Options, Transport};
//!
//! // What one server behind a load balancer with sticky sessions may set.
//! let options =
//!     Options::default().ping_interval(Duration::from_secs(10)).cookie(Cookie::new("io"));
//! assert!(options.check().is_ok());
//!
//! // Without WebSocket there is nothing to upgrade to.
//! let polling = Options::default().transports([Transport::Polling]);
//! assert!(polling.check().is_err());
//! assert!(polling.allow_upgrades(false).check().is_ok());
//! ```
//!
//! # What travels how
//!
//! | | protocol 4 | protocol 3 |
//! |---|---|---|
//! | text over WebSocket | `4text` in a text frame | the same |
//! | binary over WebSocket | a binary frame as it is | a binary frame after the byte 4 |
//! | text by polling | `4text`, between separators U+001E | after its length in UTF-16 code units |
//! | binary by polling | base64 | a binary body, or base64 for clients that ask for it |
//!
//! A text message with the character U+001E cannot travel by polling in protocol 4: the receiver
//! would take what follows for a packet of its own. Over WebSocket it can.
//!
//! # Plugins
//!
//! They work as over any transport. Two differ from WebSocket: the protocol has a heartbeat of its
//! own, so `plimsoll-heartbeat` stands down; and it has no subprotocols, so clients that choose a
//! codec of `plimsoll-encoding` name it in the query, by `Codecs::in_query()`.
//!
//! # Features
//!
//! - `fuzzing`: entry points for the project's own fuzz targets, outside all promises.
//! - `tls`: `engineio+https:` and `engineio+wss:` in the client, by rustls.
//!
//! [Engine.IO]: https://socket.io/docs/v4/engine-io-protocol/

mod client;
mod codec;
mod cookie;
mod cors;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzz;
mod options;
mod server;
mod transport;

pub use self::client::{EngineIoConnector, EngineIoError};
pub use self::cookie::{Cookie, SameSite};
pub use self::cors::Cors;
pub use self::options::Options;
pub use self::server::EngineIo;
pub use self::transport::Transport;
#[cfg(feature = "tls")]
pub use plimsoll_http::client::ClientTls;
