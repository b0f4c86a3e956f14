//! Plimsoll over [SockJS]: a session that uses WebSocket where it works, and streams or polls
//! over HTTP where it does not. Unmodified SockJS clients can be used, and so can SockJS servers.
//!
//! [`SockJs`] takes connections inside an HTTP server, and [`SockJsConnector`] makes them.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, HttpService, Origins, Socket};
//! use plimsoll_http::Server;
//! use plimsoll_sockjs::{Binary, Options, SockJs, SockJsConnector};
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
//! // For a load balancer that sticks to cookies, and for messages that are not text.
//! let options = Options::default().jsessionid(true).binary(Binary::Base64);
//! let endpoint = Endpoint::builder().handle(echo)?;
//! let service = HttpService::builder(endpoint)
//!     .at("/chat", SockJs::new().options(options))
//!     // The client below is no browser, and names no origin.
//!     .origins(Origins::same_host().or_absent())
//!     .build()?;
//! let server = Server::new(service).bind("127.0.0.1:0").await?;
//! let url = format!("sockjs+http://{}/chat", server.local_addr());
//! tokio::spawn(server.serve());
//!
//! let connector = SockJsConnector::new().binary(Binary::Base64);
//! let dialer = Dialer::builder().transport(connector).build()?;
//! let mut socket = dialer.connect(url).await?;
//! socket.send(vec![1, 2, 3]).await?;
//! assert_eq!(socket.recv().await.expect("an echo")?, vec![1, 2, 3].into());
//! # Ok(())
//! # }
//! ```
//!
//! # Text only
//!
//! SockJS carries text. Sending a binary message fails with
//! [`ErrorKind::Unsupported`](plimsoll::ErrorKind::Unsupported), unless both sides agree on
//! [`Binary::Base64`]. What is text in JavaScript but not elsewhere, a lone half of a surrogate
//! pair, arrives as U+FFFD, and so do bytes that are not UTF-8.
//!
//! The raw WebSocket of a service, at `/websocket` below its path, has no framing of SockJS, and
//! carries binary messages as they are.
//!
//! # How a session ends
//!
//! A close reaches the client with its code and its reason, and is told again to whoever asks
//! within [`Options::disconnect_delay`]. A session ends, too, when its client breaks a receiving
//! request off, or makes none for that long; a client that comes late is told 1002. Over
//! WebSocket the server asks for a sign of life after each [`Options::heartbeat_delay`]; over
//! requests it sends heartbeats then, which a dead client fails to take. So
//! [`Liveness`](plimsoll::Liveness) is `Builtin`, and no other heartbeat is needed.
//!
//! # Differences from the reference server
//!
//! The bytes are those of `sockjs` 0.3.24 for Node, except where they would do harm:
//!
//! - The transports that run what they carry as scripts are off unless they are named. The names
//!   of their callbacks have 1 to 64 ASCII letters, digits, `_`, `.` and `$`, and no text can end
//!   the script of an htmlfile.
//! - What is sent must be strings. The reference takes any JSON value, and hands it on as it is.
//! - Reasons of closes get the escapes of messages, so that they are safe in scripts, and are cut
//!   to [`Close::MAX_REASON`](plimsoll::Close::MAX_REASON).
//! - Everything has a limit: see [`Options`]. A body over one is refused with status 413.
//! - A request that sends is answered once the application has taken its messages, or has room
//!   for them; others of the session wait for it.
//! - Each service has its own sessions, and answers that receive have two more headers:
//!   `X-Content-Type-Options`, and for streams `X-Accel-Buffering`, which proxies know.
//!
//! # Features
//!
//! - `fuzzing`: entry points for the project's own fuzz targets, outside all promises.
//! - `tls`: `sockjs+https:` and `sockjs+wss:` in the client, by rustls.
//!
//! [SockJS]: https://github.com/sockjs/sockjs-protocol

mod client;
mod codec;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzz;
mod options;
mod server;
mod transport;

pub use self::client::SockJsConnector;
pub use self::codec::Binary;
pub use self::options::Options;
pub use self::server::SockJs;
pub use self::transport::Transport;
#[cfg(feature = "tls")]
pub use plimsoll_http::client::ClientTls;
