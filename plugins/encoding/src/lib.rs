//! Values instead of messages: JSON, MessagePack, CBOR, Postcard or your own format.
mod any;
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
