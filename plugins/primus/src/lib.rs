//! The dialect of [Primus](https://github.com/primus/primus) 8: its unmodified clients connect to
//! an endpoint, and a dialer to its servers.
//!
//! Primus puts one programming interface over several transports of Node. A server has one of
//! them and one format of values, both compiled into the library of its clients. [`Primus`] takes
//! such clients over three transports at once, at one path of an
//! [`HttpService`](plimsoll::HttpService), beside whatever else the endpoint serves:
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, HttpService, Origins, Socket};
//! use plimsoll_encoding::TypedExt;
//! use plimsoll_engineio::EngineIo;
//! use plimsoll_http::Server;
//! use plimsoll_primus::Primus;
//! use plimsoll_sockjs::SockJs;
//! use plimsoll_websocket::WebSocket;
//!
//! async fn sum(socket: Socket) {
//!     let mut socket = socket.typed::<Vec<i64>, i64>();
//!     while let Some(Ok(numbers)) = socket.recv().await {
//!         if socket.send(numbers.iter().sum()).await.is_err() {
//!             break;
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! let primus = Primus::new()
//!     .over(WebSocket::new())
//!     .over(EngineIo::new(plimsoll_engineio::Options::default()))
//!     .over(SockJs::new());
//! let endpoint = Endpoint::builder().handle(sum)?;
//! let service = HttpService::builder(endpoint)
//!     .at("/primus", primus)
//!     .at("/ws", WebSocket::new())
//!     // The client below is no browser, and names no origin.
//!     .origins(Origins::same_host().or_absent())
//!     .build()?;
//! let server = Server::new(service).bind("127.0.0.1:0").await?;
//! let url = format!("primus+http://{}/primus", server.local_addr());
//! tokio::spawn(server.serve());
//!
//! let dialer = Dialer::builder().transport(Primus::connector()).build()?;
//! let mut socket = dialer.connect(url).await?.typed::<i64, Vec<i64>>();
//! socket.send(vec![1, 2, 3]).await?;
//! assert_eq!(socket.recv().await.expect("a sum")?, 6);
//! # Ok(())
//! # }
//! ```
//!
//! [`docs::migrating`] is a guide for those who have an application of Primus: its twin here, and
//! what stands for each option, method and event.
//!
//! # What the application sees
//!
//! Messages are values as they came: in JSON a string has its quotes. `socket.typed()` of
//! `plimsoll-encoding` reads and writes them in the format of the client's [`parser`], with or
//! without its plugin `Codecs`. A connection that did not come through [`Primus`] knows nothing
//! of all this. In the [`Info`](plimsoll::Info) of one that did is its [`PrimusId`].
//!
//! A client comes back after a close unless the close [says](plimsoll::CloseCode::may_reconnect)
//! that it should not, as when the handler returns. A plugin that turns it away, once for each
//! connection, does so with a status and a body `{"error": "..."}`. A heartbeat plugin stands
//! down: pings are sent beneath it, and everything that a client sends is a sign of life.
//!
//! # What is on the wire
//!
//! | what | from | as |
//! |---|---|---|
//! | a value | both | a message of the transport, in the format of the parser: JSON as text, MessagePack and BinaryPack as binary |
//! | `primus::ping::<time>` | server | asks for a pong with the same time |
//! | `primus::pong::<time>` | client | a sign of life |
//! | `primus::id::` | client | asks for the id, which comes as `primus::id::<id>` |
//! | `primus::server::close` | server | says that the close that follows is meant: do not come back |
//! | `_primuscb` in the query | client | a number that makes each attempt differ |
//! | `GET /primus/spec` | client | asks for the names of parser and transports, the path and the interval of pings |
//! | `GET /primus/primus.js` | client | asks for the [library](#the-client-library) |
//!
//! The words of Primus are strings in the format of the parser, as values are. There is neither a
//! handshake nor an acknowledgement, and codes of a close mean nothing to clients.
//!
//! # Strings of Primus's own
//!
//! Strings that begin with `primus::ping::`, `primus::pong::`, `primus::id::` or
//! `primus::server::` are not the application's. Peers of Primus tell them from data by nothing
//! but their beginning, so an application should not send such strings: whoever receives one
//! takes it for a word of the other side. Others, such as `primus::news`, are data.
//!
//! # The client library
//!
//! A page loads its client from `/primus/primus.js`. Node makes that file, where the npm package
//! `primus` and the one of the transport (`ws`, `engine.io` or `sockjs`) are installed:
//!
//! ```sh
//! node -e 'new (require("primus"))(require("http").createServer(), { transformer: "websockets" }).save("primus.js"); process.exit()'
//! ```
//!
//! Its options are those of the application: `transformer`, `parser`, `pathname`, `pingInterval`
//! and plugins. Then [`Primus::library_file`] serves it.
//!
//! # Bounds
//!
//! | what | default | where |
//! |---|---|---|
//! | time between two pings, less up to a tenth | 30 s | [`Primus::ping_interval`] |
//! | time without a ping before a client gives up | 45 s | [`Primus::ping_timeout`] |
//! | message of a client | 64 KiB over WebSocket and SockJS, 1,000,000 bytes over Engine.IO | options of each transport |
//! | message of a server | 10 MiB | connectors of [`PrimusConnector`] |
//! | silence of a server | 1.5 times the `pingInterval` of its `/spec`; without it 45 s | [`PrimusConnector::ping_timeout`] |
//! | the `/spec` of a server | 8 KiB | |
//! | attempts of a [`PrimusLink`] in a row | 10, by [`backoff`](backoff()) | [`Backoff::attempts`](plimsoll::Backoff::attempts) |
//!
//! All else is bounded as for every connection: see [`plimsoll`]. Which pages may connect, and
//! which proxies are believed, are options of the
//! [`HttpService`](plimsoll::HttpServiceBuilder::origins).
//!
//! # Features
//!
//! - `tls`: `primus+https:` and `primus+wss:` in the client, by rustls.

mod answer;
mod client;
mod control;
mod dialect;
pub mod docs;
mod id;
mod library;
pub mod parser;
mod server;
mod transformer;

pub use self::client::{PrimusConnector, PrimusEvent, PrimusLink, backoff, id};
pub use self::id::PrimusId;
pub use self::server::Primus;
pub use self::transformer::Transformer;
