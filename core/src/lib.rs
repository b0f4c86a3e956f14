//! One duplex stream of messages for every real-time transport, and middleware on top of it.
//!
//! An application is an async function of a [`Socket`]. An [`Endpoint`] runs it for each
//! connection, over any number of transports at once; on the other side a [`Dialer`] connects to
//! a URL, whose scheme chooses the transport. [Plugins](Plugin) sit between, the same over every
//! transport.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Socket};
//! use plimsoll_memory::Memory;
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
//! let memory = Memory::new();
//! let endpoint = Endpoint::builder().handle(echo)?;
//! tokio::spawn({
//!     let listener = memory.listen("echo")?;
//!     async move { endpoint.listen(listener).await }
//! });
//!
//! let dialer = Dialer::builder().transport(memory.connector()).build()?;
//! let mut socket = dialer.connect("mem://echo").await?;
//! socket.send("ahoy").await?;
//! let message = socket.recv().await.expect("an echo")?;
//! assert_eq!(message.as_text(), Some("ahoy"));
//! # Ok(())
//! # }
//! ```
//!
//! # The layers
//!
//! ```text
//!    application        async fn(Socket)
//!         | Message
//!    +----------------------------+
//!    | Socket, Sender, Receiver   |
//!    | driver                     |  one task: pings, batches, backpressure, closing
//!    +----------- Frame ----------+
//!    | plugin n ... plugin 1      |  what comes in meets plugin 1 first
//!    +----------- Frame ----------+
//!    | transport: a Duplex        |  websocket, tcp, unix, memory, ...
//!    +----------------------------+
//! ```
//!
//! Two rules shape the crate. What happens for each frame is a small poll trait, [`Duplex`], and
//! what happens once for a connection is an async trait. And a transport hands over a box: no
//! type that an application names has a parameter for the transport.
//!
//! What runs on bytes rather than messages, such as TLS or a copy of a TCP connection, runs on a
//! [`ByteStream`], which a socket [becomes](Socket::into_byte_stream).
//!
//! # Bounds
//!
//! | what | default | where |
//! |---|---|---|
//! | connections | 100,000 | [`EndpointBuilder::max_connections`] |
//! | handshakes at once, on a listener | 4096 | [`EndpointBuilder::max_handshakes`] |
//! | time for a handshake | 10 s | [`EndpointBuilder::handshake_timeout`] |
//! | time for an attempt to connect | 10 s | [`DialerBuilder::connect_timeout`] |
//! | waiting to be sent, for each connection | 1 MiB | [`SocketOptions::outbox_bytes`] |
//! | waiting for the application, for each connection | 64 KiB | [`SocketOptions::inbox_bytes`] |
//! | time for a close | 5 s | [`SocketOptions::close_timeout`] |
//! | frames of a filter's own that wait | 16 | [`Flow::send`] |
//!
//! Each transport over a network bounds the size of a message, at 64 KiB unless set otherwise.
//!
//! # Features
//!
//! - `http` (default): `HttpService` and what transports in an HTTP server need, the
//!   `session` bridge included.

mod byte_stream;
mod clock;
mod close;
mod closing;
mod dial;
mod dialer;
pub mod docs;
mod driver;
mod duplex;
mod endpoint;
mod error;
mod filter;
mod frame;
mod handshake;
#[cfg(feature = "http")]
mod http;
mod in_band;
mod inbox;
mod info;
mod link;
mod listener;
mod message;
mod outbox;
mod plugin;
mod query;
mod reconnect;
mod reject;
mod sender;
#[cfg(feature = "http")]
pub mod session;
mod shared;
mod signal;
mod sink;
mod socket;
mod sync;
mod text;
mod together;

pub use self::byte_stream::ByteStream;
pub use self::close::{Close, CloseCode};
pub use self::dial::{Connected, Connector, Dial};
pub use self::dialer::{Dialer, DialerBuilder};
pub use self::duplex::{BoxDuplex, Duplex, DuplexExt, from_stream_sink};
pub use self::endpoint::{Admission, Endpoint, EndpointBuilder, Shutdown};
pub use self::error::{BoxError, Error, ErrorKind};
pub use self::filter::{Filter, Flow, filter};
pub use self::frame::Frame;
pub use self::handshake::Handshake;
#[cfg(feature = "http")]
pub use self::http::{Body, HttpService, HttpServiceBuilder, HttpTransport, MountPath, Origins};
pub use self::in_band::{InBand, InBandMessage};
pub use self::info::{Capabilities, ConnectionId, Info, Liveness, PeerAddr};
pub use self::link::{LinkState, LinkStatus};
pub use self::listener::{Incoming, Listener};
pub use self::message::{Message, WireKey};
pub use self::plugin::Plugin;
pub use self::reconnect::{Backoff, Jitter};
pub use self::reject::Reject;
pub use self::sender::{Sender, SlowPolicy, TrySendError};
pub use self::socket::{Receiver, Socket, SocketOptions};
pub use self::text::Text;
