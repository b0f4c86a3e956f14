//! Many channels over one connection, each a connection of its own.
//!
//! A page that shows news, a chat and prices needs three conversations, but should not need three
//! connections. [`Multiplex`] puts [`Channels`] on one connection of any transport. A channel has
//! a name, is opened by either side, and is a [`Duplex`](plimsoll::Duplex) like any other: an
//! [`Endpoint`](plimsoll::Endpoint) takes channels as it takes connections, with its plugins, and
//! a [`Dialer`](plimsoll::Dialer) with its own opens them by the URL `channel:name`.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Socket};
//! use plimsoll_memory::Memory;
//! use plimsoll_multiplex::{Channel, Multiplex};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! // What runs for each channel.
//! let channels = Endpoint::builder().handle(async |mut socket: Socket| {
//!     let name = socket.info().get::<Channel>().expect("a channel").name().to_owned();
//!     while let Some(Ok(message)) = socket.recv().await {
//!         let text = message.as_text().unwrap_or_default();
//!         let _ = socket.send(format!("{name}: {text}")).await;
//!     }
//! })?;
//! // What runs for each connection.
//! let connections = Endpoint::builder().handle(move |socket: Socket| {
//!     let channels = channels.clone();
//!     async move {
//!         if let Ok(accepted) = Multiplex::own().accept(socket) {
//!             accepted.serve(|_name| Some(channels.clone())).await;
//!         }
//!     }
//! })?;
//! # let memory = Memory::new();
//! # let listener = memory.listen("here")?;
//! # tokio::spawn(async move { connections.listen(listener).await });
//!
//! let dialer = Dialer::builder().transport(memory.connector()).build()?;
//! let channels = Multiplex::own().connect(dialer.connect("mem://here").await?)?;
//! let (mut news, mut chat) = tokio::try_join!(channels.open("news"), channels.open("chat"))?;
//! news.send("ahoy").await?;
//! chat.send("ahoy").await?;
//! assert_eq!(news.recv().await.expect("an answer")?.as_text(), Some("news: ahoy"));
//! assert_eq!(chat.recv().await.expect("an answer")?.as_text(), Some("chat: ahoy"));
//! # Ok(())
//! # }
//! ```
//!
//! # Who may open what
//!
//! The plugins of the endpoint see a [`Handshake`](plimsoll::Handshake) for each channel, and may
//! turn it away. [`Channel`], in its info, tells the name and what is known of the connection
//! beneath, such as who the user is. [`Channels::serve`] gives channels to endpoints by their
//! names; [`Channels::accept`] hands out one after the other.
//!
//! # A stack on a channel
//!
//! ```
//! use plimsoll::{Dialer, Error};
//! use plimsoll_encoding::{Codecs, Json, TypedExt};
//! use plimsoll_multiplex::Channels;
//!
//! async fn prices(channels: &Channels) -> Result<(), Error> {
//!     let dialer = Dialer::builder()
//!         .transport(channels.connector())
//!         .plugin(Codecs::new(Json))
//!         .build()?;
//!     let prices = dialer.connect("channel:prices").await?.typed::<f64, String>();
//!     prices.send("EUR".to_owned()).await?;
//!     Ok(())
//! }
//! ```
//!
//! The connection beneath has plugins of its own. A heartbeat belongs there: it stands down on a
//! channel.
//!
//! # Dialects
//!
//! | | [`own`](Multiplex::own) | [`primus_multiplex`](Multiplex::primus_multiplex) | [`substream`](Multiplex::substream) | [`websocket_multiplex`](Multiplex::websocket_multiplex) |
//! |---|---|---|---|---|
//! | messages | text, binary | JSON texts | JSON texts | text |
//! | opened by | both sides | the side that connected | both sides | the side that connected |
//! | channels of one name | any number | any number | one | one |
//! | an opening is answered | yes | no | no | no |
//! | subprotocols, headers, query | yes | no | no | no |
//! | close codes | yes | no | no | no |
//! | a slow channel | holds back its own peer | see [`Overflow`] | see [`Overflow`] | see [`Overflow`] |
//!
//! The own dialect carries binary over transports that carry only text, too; `WIRE.md` in the
//! crate's source describes it. The others are those of the Node packages of these names, and
//! interoperate with them on both sides. In these a message that is about no channel, or is
//! malformed, is ignored. A channel that ends in them ends with
//! [`CloseCode::NORMAL`](plimsoll::CloseCode::NORMAL), and one that is opened again before the
//! end of the one before has arrived may be hit by that end where there are no ids.
//!
//! # Connections that are lost
//!
//! All channels end with their connection. Connect again and open them again; a connection that
//! reconnects by itself, by [`Dialer::keep_connected`](plimsoll::Dialer::keep_connected), cannot
//! have channels on it, since its peer would know nothing of those that were open.
//!
//! # Bounds
//!
//! | what | default | where |
//! |---|---|---|
//! | channels of a connection | 128 | [`Multiplex::max_channels`] |
//! | the name of a channel | 255 bytes | [`Multiplex::max_name`] |
//! | waiting in each direction of a channel | 256 KiB | [`Multiplex::window`] |
//! | a message with its header | 64 KiB | [`Multiplex::max_message`] |
//! | an opening or its answer, in the own dialect | 8 KiB | |
//! | waiting for the answer to an opening | 10 s | [`Channels::open`]; else [`connect_timeout`](plimsoll::DialerBuilder::connect_timeout) |
//!
//! What is received for a channel passes through its window and then the inbox of its
//! [`Socket`](plimsoll::Socket). What channels send goes by turns, a message each, into the outbox
//! of the connection beneath.

mod channel;
mod channels;
mod connector;
mod dialect;
mod driver;
mod entry;
mod handle;
mod incoming;
mod multiplex;
mod opening;
mod shared;
mod table;

pub use channel::Channel;
pub use channels::Channels;
pub use connector::ChannelConnector;
pub use incoming::IncomingChannel;
pub use multiplex::{Multiplex, Overflow};
