//! JSON.

use plimsoll::{Error, Message};
use serde::Serialize;
use serde::de::DeserializeSeed;

use crate::Codec;
use crate::bounded::bounded;
use crate::codec::codec_error;

/// JSON (RFC 8259), as text messages. Its name is `json`.
///
/// Binary messages are decoded too, if they hold JSON. Where a type has fields, a key that
/// appears twice is an error; in a map the last one counts. A number that its type cannot hold is
/// an error. The parser's own limit ends nesting one level before
/// [`MAX_DEPTH`](crate::MAX_DEPTH).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Codec for Json {
    fn name(&self) -> &str {
        "json"
    }

    fn is_binary(&self) -> bool {
        false
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error> {
        serde_json::to_string(value).map(Message::text).map_err(codec_error)
    }

    fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>,
    {
        let bytes = message.len();
        match message.as_text() {
            Some(text) => decode(serde_json::Deserializer::from_str(text), bytes, seed),
            None => decode(serde_json::Deserializer::from_slice(message.as_bytes()), bytes, seed),
        }
        .map_err(codec_error)
    }
}

fn decode<'de, R, S>(
    mut json: serde_json::Deserializer<R>,
    bytes: usize,
    seed: S,
) -> Result<S::Value, serde_json::Error>
where
    R: serde_json::de::Read<'de>,
    S: DeserializeSeed<'de>,
{
    let value = bounded(&mut json, bytes, seed)?;
    json.end()?;
    Ok(value)
}
