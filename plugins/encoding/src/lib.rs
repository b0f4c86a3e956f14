//! Values instead of messages: JSON, MessagePack, CBOR, Postcard or your own format.
//!
//! [`TypedExt::typed`] turns a [`Socket`](plimsoll::Socket) of messages into one of values, of
//! any types that [serde](https://serde.rs) knows: what the handler receives and what it sends.
//!
#![cfg_attr(all(feature = "json", feature = "messagepack"), doc = "```")]
#![cfg_attr(not(all(feature = "json", feature = "messagepack")), doc = "```ignore")]
//! use plimsoll::{Dialer, Endpoint, Socket};
//! use plimsoll_encoding::{Codecs, Json, MessagePack, Typed, TypedExt};
//! use plimsoll_memory::Memory;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Deserialize, PartialEq, Serialize)]
//! enum Request {
//!     Add(i64, i64),
//! }
//!
//! #[derive(Debug, Deserialize, PartialEq, Serialize)]
//! struct Sum(i64);
//!
//! async fn calculator(socket: Socket) {
//!     let mut socket: Typed<Request, Sum> = socket.typed();
//!     while let Some(Ok(Request::Add(left, right))) = socket.recv().await {
//!         let Some(sum) = left.checked_add(right) else { break };
//!         if socket.send(Sum(sum)).await.is_err() {
//!             break;
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! // The server speaks both formats; this client wants MessagePack.
//! let codecs = Codecs::new(Json).or(MessagePack);
//! let endpoint = Endpoint::builder().plugin(codecs).handle(calculator)?;
//! # let memory = Memory::new();
//! # let listener = memory.listen("calculator")?;
//! # tokio::spawn(async move { endpoint.listen(listener).await });
//!
//! let dialer = Dialer::builder()
//!     .transport(memory.connector())
//!     .plugin(Codecs::new(MessagePack))
//!     .build()?;
//! let mut socket: Typed<Sum, Request> = dialer.connect("mem://calculator").await?.typed();
//! socket.send(Request::Add(2, 3)).await?;
//! assert_eq!(socket.recv().await.unwrap()?, Sum(5));
//! # Ok(())
//! # }
//! ```
//!
//! # Which format
//!
//! | codec | name | messages | for |
//! |---|---|---|---|
//! | `Json` | `json` | text | browsers, debugging, text-only transports |
//! | `MessagePack` | `msgpack` | binary | compact messages in every language |
//! | `Cbor` | `cbor` | binary | the same, as an Internet standard (RFC 8949) |
//! | `Postcard` | `postcard` | binary | the smallest messages, between programs in Rust |
//! | your own | yours | either | see [`Codec`] |
//!
//! Two ways to choose: [`TypedExt::typed_with`] takes a codec at compile time; the [`Codecs`]
//! plugin agrees on one with each peer, by subprotocol or by the query, and
//! [`TypedExt::typed`] uses it.
//!
//! # What strangers send
//!
//! A message that is not a value of the expected type is an error in its place, of kind
//! [`Codec`](plimsoll::ErrorKind::Codec); the connection goes on, unless the application ends it.
//! Whatever a message contains, decoding takes time and memory in proportion to its length:
//!
//! | what | limit |
//! |---|---|
//! | size of a message | [`MAX_BYTES`], or [`Codec::with_max_bytes`] |
//! | depth of nesting | [`MAX_DEPTH`] |
//! | elements that a length announces | as many as the message has bytes |
//! | bytes after the value | none |
//!
//! # Features
//!
//! - `json` (default), `messagepack`, `cbor`, `postcard`: the codec of this name.

mod any;
#[cfg(any(feature = "cbor", feature = "json", feature = "messagepack", feature = "postcard"))]
mod bounded;
#[cfg(feature = "cbor")]
mod cbor;
mod codec;
mod codecs;
mod halves;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "messagepack")]
mod message_pack;
#[cfg(feature = "postcard")]
mod postcard;
mod typed;

pub use self::any::AnyCodec;
#[cfg(feature = "cbor")]
pub use self::cbor::Cbor;
pub use self::codec::{Codec, MAX_BYTES, MAX_DEPTH, MaxBytes};
pub use self::codecs::Codecs;
pub use self::halves::{TypedReceiver, TypedSender};
#[cfg(feature = "json")]
pub use self::json::Json;
#[cfg(feature = "messagepack")]
pub use self::message_pack::MessagePack;
#[cfg(feature = "postcard")]
pub use self::postcard::Postcard;
pub use self::typed::{Typed, TypedExt};
