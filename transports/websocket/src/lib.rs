//! Plimsoll over WebSocket (RFC 6455): the one transport that every browser speaks.
//!
//! [`WebSocket`] takes connections inside an HTTP server, over HTTP/1.1 and over HTTP/2
//! (RFC 8441), and [`WebSocketConnector`] makes them, directly or through a [`Proxy`]. Both keep
//! to the same [`Options`]: a hostile server gets no further than a hostile client.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, HttpService, Origins, Socket};
//! use plimsoll_http::Server;
//! use plimsoll_websocket::WebSocket;
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
//!     .at("/ws", WebSocket::new())
//!     // The client below is no browser, and names no origin.
//!     .origins(Origins::same_host().or_absent())
//!     .build()?;
//! let server = Server::new(service).bind("127.0.0.1:0").await?;
//! let url = format!("ws://{}/ws", server.local_addr());
//! tokio::spawn(server.serve());
//!
//! let dialer = Dialer::builder().transport(WebSocket::connector()).build()?;
//! let mut socket = dialer.connect(url).await?;
//! socket.send("ahoy").await?;
//! let message = socket.recv().await.expect("an echo")?;
//! assert_eq!(message.as_text(), Some("ahoy"));
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! The same for both sides. A peer that goes over one of the first three gets close code 1009,
//! and loses its own connection only.
//!
//! | limit | default |
//! |---|---|
//! | [`max_message`](Options::max_message): a message from the peer | 64 KiB |
//! | [`max_frame`](Options::max_frame): a frame from the peer | 64 KiB |
//! | [`max_fragments`](Options::max_fragments): frames in which a message may come | 16,384 |
//! | [`read_buffer`](Options::read_buffer): what is read at a time | 8 KiB |
//! | [`write_buffer`](Options::write_buffer): what waits for a flush | 8 KiB |
//! | subprotocols of a client's offer that are read | 64 |
//! | headers of a server's answer | 8 KiB in all, 64 in number |
//! | body of a server's refusal that is kept | 8 KiB |
//! | data ahead of reading, over HTTP/2 in the client | 64 KiB |
//!
//! The limits of requests, and of connections that send none, are those of the HTTP server, for
//! example of `plimsoll-http`. How many connections there may be, how long a handshake and a
//! close may take, and how much may wait in the queues of a socket is set at the
//! [`Endpoint`](plimsoll::Endpoint) and the [`Dialer`](plimsoll::Dialer).
//!
//! # What to know
//!
//! - A ping is answered at once, whatever the application waits for. Several that wait for a
//!   peer that does not read have one answer, to the last of them (RFC 6455, section 5.5.3).
//! - A peer is not asked for signs of life unless a plugin such as `plimsoll-heartbeat` does.
//! - What is sent together goes out with one write, as far as it fits into the write buffer.
//! - A connection at rest has no buffers: see [`Options::read_buffer`].
//! - Extensions, compression among them, are neither offered nor taken up.
//! - The protocol itself is tungstenite's, all but messages that come and go whole, in one frame.
//!
//! # Features
//!
//! - `tls`: `wss:` in the client, by rustls.

mod client;
mod duplex;
mod frames;
mod handshake;
mod http1;
mod http2;
mod io;
mod options;
mod protocol;
mod proxy;
mod server;
mod text;
mod unfragmented;
mod upgrade;
mod wakers;

#[cfg(feature = "tls")]
pub use plimsoll_http::client::ClientTls;

pub use self::client::WebSocketConnector;
pub use self::options::Options;
pub use self::proxy::Proxy;
pub use self::server::WebSocket;
pub use self::upgrade::{Upgrade, handshake};

/// The transport's name in [`Info::transport`](plimsoll::Info::transport).
const NAME: &str = "websocket";
