//! CBOR.

mod decoder;

use plimsoll::{Error, Message};
use serde::Serialize;
use serde::de::DeserializeSeed;

use self::decoder::Decoder;
use crate::Codec;
use crate::bounded::bounded;
use crate::codec::codec_error;

/// CBOR (RFC 8949), as binary messages. Its name is `cbor`.
///
/// Structs are written as maps with the names of their fields. Lengths may be left open, text and
/// bytes may come in chunks, floats may be short; tags are skipped, except those of big integers,
/// which are read up to 128 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cbor;

impl Codec for Cbor {
    fn name(&self) -> &str {
        "cbor"
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error> {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).map_err(|error| codec_error(error.to_string()))?;
        Ok(Message::binary(bytes))
    }

    fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>,
    {
        let mut decoder = Decoder::new(message.as_bytes());
        let value = bounded(&mut decoder, message.len(), seed).map_err(codec_error)?;
        match decoder.rest() {
            [] => Ok(value),
            _ => Err(codec_error("there are bytes after the value")),
        }
    }
}
