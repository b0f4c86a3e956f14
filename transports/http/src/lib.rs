//! The HTTP server under the transports of Plimsoll that live in one.
//!
//! Any [`tower_service::Service`] can be served: an
//! [`HttpService`](plimsoll::HttpService), or an application of a web framework that one is
//! nested in. What this server adds to a plain one is that its limits are set from the start
//! and do apply: a deadline for headers, also for a client that sends nothing at all, bounds on
//! their size and number, bounds on what an HTTP/2 client can make the server remember, and a
//! shutdown that waits for what is in progress.
//!
//! ```
//! use std::time::Duration;
//!
//! use plimsoll::{Endpoint, HttpService, Shutdown, Socket};
//! use plimsoll_http::Server;
//! use plimsoll_websocket::WebSocket;
//!
//! # async fn example() -> Result<(), plimsoll::Error> {
//! let endpoint = Endpoint::builder().handle(async |socket: Socket| {
//!     let _ = socket.send("ahoy").await;
//! })?;
//! let service = HttpService::builder(endpoint.clone()).at("/ws", WebSocket::new()).build()?;
//! let server = Server::new(service).bind("127.0.0.1:0").await?;
//! println!("listening on {}", server.local_addr());
//!
//! let handle = server.handle();
//! # handle.shutdown(Duration::ZERO);
//! tokio::spawn(async move {
//!     // On a signal of the operating system, for example.
//!     endpoint.shutdown(Shutdown::default()).await;
//!     handle.shutdown(Duration::from_secs(10));
//! });
//! server.serve().await
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```
//!
//! | limit | default |
//! |---|---|
//! | time for a TLS handshake | 10 s |
//! | time for the headers of a request, and between requests | 10 s |
//! | headers of a request | 8 KiB in all, 64 in number |
//! | connections that speak HTTP | 100,000 |
//! | streams of an HTTP/2 connection | 200 |
//! | resets that an HTTP/2 client causes before they are handled | 20, then it is sent away |
//! | stream errors that an HTTP/2 client causes | 1,024, then it is sent away |
//!
//! A connection that was upgraded, such as a WebSocket, does not count any more: it is one of
//! [`max_connections`](plimsoll::EndpointBuilder::max_connections) then.
//!
//! # Features
//!
//! - `client`: the module `client`, for transports that make HTTP requests.
//! - `tls`: HTTPS, by rustls.

mod accept;
#[cfg(feature = "client")]
pub mod client;
mod connection;
mod deadline;
mod handle;
mod options;
mod server;
mod signal;
mod tasks;
#[cfg(feature = "tls")]
mod tls;

pub use self::accept::BoundServer;
pub use self::handle::Handle;
pub use self::server::Server;
#[cfg(feature = "tls")]
pub use self::tls::Tls;
