//! MessagePack.

use plimsoll::{Error, Message};
use serde::Serialize;
use serde::de::DeserializeSeed;

use crate::bounded::bounded;
use crate::codec::codec_error;
use crate::{Codec, MAX_DEPTH};

/// [MessagePack](https://msgpack.org), as binary messages. Its name is `msgpack`.
///
/// Structs are written as maps with the names of their fields, as libraries for other languages
/// expect; arrays of the fields in their order are read too.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

impl Codec for MessagePack {
    fn name(&self) -> &str {
        "msgpack"
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error> {
        rmp_serde::to_vec_named(value).map(Message::binary).map_err(codec_error)
    }

    fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>,
    {
        let bytes = message.as_bytes();
        let mut decoder = rmp_serde::Deserializer::new(bytes);
        // The decoder counts in smaller steps than `bounded`, which is the one that decides.
        decoder.set_max_depth(4 * MAX_DEPTH);
        let value = bounded(&mut decoder, bytes.len(), seed).map_err(codec_error)?;
        if !decoder.get_ref().is_empty() {
            return Err(codec_error("there are bytes after the value"));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_value() {
        let message = MessagePack.encode(&["a", "b"]).unwrap();
        assert_eq!(MessagePack.decode::<[String; 2]>(&message).unwrap(), ["a", "b"]);
        let longer = Message::binary([message.as_bytes(), &[0]].concat());
        assert!(MessagePack.decode::<[String; 2]>(&longer).is_err());
    }
}
