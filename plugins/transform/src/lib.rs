//! Changes messages on their way, with async code, and keeps their order.
//!
//! [`Transform`] runs a step of yours on each message that comes in, or goes out, or both. A step
//! may change the message, swallow it, or end the connection, and it may await something first,
//! such as a key or a look into a database. The next message of the same direction waits until
//! it is done, so messages never overtake each other; the other direction goes on.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Error, Message, Socket};
//! use plimsoll_memory::Memory;
//! use plimsoll_transform::Transform;
//!
//! /// Stands for something that takes time.
//! async fn translated(message: Message) -> Result<Option<Message>, Error> {
//!     tokio::task::yield_now().await;
//!     Ok(message.as_text().map(|text| text.replace("hello", "ahoy").into()))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Error> {
//! let endpoint = Endpoint::builder()
//!     .plugin(Transform::new().inbound(|_| translated))
//!     .handle(|mut socket: Socket| async move {
//!         while let Some(Ok(message)) = socket.recv().await {
//!             if socket.send(message).await.is_err() {
//!                 break;
//!             }
//!         }
//!     })?;
//! # let memory = Memory::new();
//! # let listener = memory.listen("sea")?;
//! # tokio::spawn(async move { endpoint.listen(listener).await });
//! # let dialer = Dialer::builder().transport(memory.connector()).build()?;
//! let mut socket = dialer.connect("mem://sea").await?;
//! socket.send("hello").await?;
//! assert_eq!(socket.recv().await.unwrap()?.as_text(), Some("ahoy"));
//! # Ok(())
//! # }
//! ```
//!
//! For a change that awaits nothing, a [`Filter`](plimsoll::Filter) costs less.
//!
//! # What a step sees
//!
//! Messages as they are on the wire, before `plimsoll-encoding` decodes them and after it has
//! encoded them; no pings, and no closes. A step is made for each connection, so it may keep what
//! belongs to one:
//!
//! ```
//! use std::future::ready;
//!
//! use plimsoll::Message;
//! use plimsoll_transform::Transform;
//!
//! // Numbers what goes out.
//! let numbered = Transform::new().outbound(|_| {
//!     let mut count = 0;
//!     move |message: Message| {
//!         count += 1;
//!         let text = message.as_text().unwrap_or_default();
//!         ready(Ok(Some(format!("{count} {text}").into())))
//!     }
//! });
//! ```
//!
//! # Bounds
//!
//! A connection has at most one message of each direction in a step. What comes after it waits
//! where it was, with the peer or in the outbox, which have bounds of their own. Steps have no time
//! limit: put a timeout around what may take forever, for a step that never ends holds up its
//! direction until the connection is closed.

mod transform;
mod transformed;

pub use self::transform::Transform;
