//! Postcard.

use plimsoll::{Error, Message};
use postcard::de_flavors::Slice;
use serde::Serialize;
use serde::de::DeserializeSeed;

use crate::Codec;
use crate::bounded::bounded;
use crate::codec::codec_error;

/// [Postcard](https://postcard.jamesmunns.com), as binary messages. Its name is `postcard`.
///
/// The smallest of the formats, for peers that are compiled from the same types: neither the
/// names of fields nor the kinds of values are in a message. A type that asks what comes next,
/// for example by `#[serde(untagged)]` or `#[serde(flatten)]`, cannot be decoded; nor can
/// sequences that together have more elements than their message has bytes, as those of units may.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postcard;

impl Codec for Postcard {
    fn name(&self) -> &str {
        "postcard"
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error> {
        postcard::to_stdvec(value).map(Message::binary).map_err(codec_error)
    }

    fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>,
    {
        let bytes = message.as_bytes();
        let mut decoder = postcard::Deserializer::from_flavor(Slice::new(bytes));
        let value = bounded(&mut decoder, bytes.len(), seed).map_err(codec_error)?;
        match decoder.finalize().map_err(codec_error)? {
            [] => Ok(value),
            _ => Err(codec_error("there are bytes after the value")),
        }
    }
}
