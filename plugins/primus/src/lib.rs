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
//! # What the application sees
//!
//! Messages are values as they came: in JSON a string has its quotes. `socket.typed()` of
//! `plimsoll-encoding` reads and writes them in the format of the client's [`parser`], with or
//! without its plugin `Codecs`. A connection that did not come through [`Primus`] knows nothing
//! of all this.
//!
//! | in Primus | here |
//! |---|---|
//! | `spark.id` | [`PrimusId`] in [`Info::get`](plimsoll::Info::get) |
//! | `spark.query.foo` | [`info.query("foo")`](plimsoll::Info::query), over all transports |
//! | `spark.address` | [`Info::peer`](plimsoll::Info::peer) |
//! | `spark.end()` | a close after which nobody [comes back](plimsoll::CloseCode::may_reconnect), as when the handler returns: `primus::server::close` goes before it |
//! | `spark.end(x, { reconnect: true })` | any other close, such as [`CloseCode::SERVICE_RESTART`](plimsoll::CloseCode::SERVICE_RESTART) and that of a shutdown |
//! | `primus.write(data)` | [`Endpoint::broadcast`](plimsoll::Endpoint::broadcast) |
//! | `primus.authorize(fn)` | [`Plugin::handshake`](plimsoll::Plugin::handshake): a [`Reject`](plimsoll::Reject) is answered with its status, its headers and `{"error": "..."}` |
//! | `pingInterval`, `parser`, `idGenerator` | options of [`Primus`] |
//! | `maxLength` | an option of each transport, 64 KiB to 1 MB unless set |
//! | `origins` and the other options of CORS | [`HttpServiceBuilder::origins`](plimsoll::HttpServiceBuilder::origins) |
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
//! # Differences from Primus
//!
//! - A path ends at a boundary: `/primusfoo` is not below `/primus`.
//! - Everything that a client sends counts as a sign of life, not only pongs, and each connection
//!   has its own timer. A heartbeat plugin stands down.
//! - `X-Forwarded-For` is believed only of the service's
//!   [trusted proxies](plimsoll::HttpServiceBuilder::trusted_proxies), and the other headers of
//!   this kind not at all. Primus believes them of everybody.
//! - Pages of other hosts are turned away, and so are clients outside of browsers over WebSocket,
//!   unless the service's `origins` let them in. Primus lets everybody in.
//! - A plugin is asked once for each connection, not for each request.
//! - BinaryPack that is cut off ends the connection, with
//!   [`CloseCode::INVALID_DATA`](plimsoll::CloseCode::INVALID_DATA). What is wrong in the other
//!   formats is for the application to find.
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
