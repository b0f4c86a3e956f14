//! Plimsoll over TCP, TLS and Unix sockets: the transport for services, devices and programs on
//! one machine, where no browser and no HTTP takes part.
//!
//! A packet is five bytes and a payload, so it costs little, and everything that the other
//! transports carry arrives: path, query, headers, subprotocols, refusals with their status,
//! pings, close codes. The price is a format of this project's own, on one page: [`wire`]. What
//! has to pass through HTTP proxies, or to be reached from a browser, needs another transport.
//!
//! | URL | server | client |
//! |---|---|---|
//! | `tcp://host:port/path?query` | [`Tcp::bind`] | [`Tcp::connector`] |
//! | `tls://host:port/path?query` | [`Tcp::bind`] after `Tcp::tls` | [`Tcp::connector`] |
//! | `unix:/path/to.sock?query` | `Unix::bind` | `Unix::connector` |
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Message, Socket};
//! use plimsoll_tcp::Tcp;
//! # #[cfg(unix)]
//! use plimsoll_tcp::Unix;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::builder().handle(async |mut socket: Socket| {
//!     while let Some(Ok(message)) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             break;
//!         }
//!     }
//! })?;
//! let listener = Tcp::new().bind("127.0.0.1:0").await?;
//! let url = format!("tcp://{}/rooms/1?user=ann", listener.local_addr()?);
//! tokio::spawn({
//!     let endpoint = endpoint.clone();
//!     async move { endpoint.listen(listener).await }
//! });
//! # #[cfg(unix)]
//! # {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("echo.sock");
//! let listener = Unix::new().bind(&path)?;
//! tokio::spawn(async move { endpoint.listen(listener).await });
//!
//! let dialer =
//!     Dialer::builder().transport(Tcp::connector()).transport(Unix::connector()).build()?;
//! for url in [url, format!("unix:{}?user=bob", path.display())] {
//!     let mut socket = dialer.connect(url).await?;
//!     socket.send("ahoy").await?;
//!     assert_eq!(socket.recv().await.unwrap()?, Message::from("ahoy"));
//! }
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! Both sides keep to the same [`Options`]: a hostile server gets no further than a hostile
//! client. A handshake has at most 8 KiB, 64 headers and 32 subprotocols, and its time limit is
//! that of the endpoint or dialer. The length that a packet declares is checked before memory is
//! taken for it, and memory is taken as its bytes arrive. A connection on which nothing waits
//! holds no buffers.
//!
//! # Peers that vanish
//!
//! The system probes silent TCP connections ([`Options::keepalive`]) and gives up on those that
//! take nothing any more ([`Options::user_timeout`]). Both say only that the peer's system is
//! there; whether its program is alive too, a heartbeat tells.
//!
//! # Features
//!
//! - `tls`: TLS by rustls, for servers and for the URL scheme `tls`.

mod client;
mod codec;
mod duplex;
mod hello;
mod input;
mod opening;
mod options;
mod output;
mod server;
mod tcp;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;

pub use self::options::Options;
pub use self::tcp::{Tcp, TcpConnector, TcpListener};
#[cfg(feature = "tls")]
pub use self::tls::{ClientTls, ServerTls};
#[cfg(unix)]
pub use self::unix::{Unix, UnixConnector, UnixListener, UnixPeer};

#[doc = include_str!("../WIRE.md")]
pub mod wire {}
