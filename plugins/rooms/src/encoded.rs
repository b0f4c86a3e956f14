//! A value in the formats of those who get it.

use plimsoll::{Error, Message, Sender};
use plimsoll_encoding::{AnyCodec, Codec, Json};
use serde::Serialize;
use serde_json::Value;

/// A value as it travels to other nodes.
pub(crate) fn to_travel<T: Serialize + ?Sized>(value: &T) -> Result<Message, Error> {
    Json.encode(value)
}

pub(crate) fn from_travel(message: &Message) -> Result<Value, Error> {
    Json.with_max_bytes(message.len()).decode(message)
}

/// One value as a message for each codec in use, by the codec's name.
pub(crate) struct Encoded<'a, T: ?Sized> {
    value: &'a T,
    messages: Vec<(String, Message)>,
}

impl<'a, T: Serialize + ?Sized> Encoded<'a, T> {
    pub(crate) fn new(value: &'a T) -> Self {
        Self { value, messages: Vec::new() }
    }

    /// The message for `member`. Encodes it unless somebody before had the same codec.
    pub(crate) fn message(&mut self, member: &Sender) -> Result<Message, Error> {
        let codec = member.info().get::<AnyCodec>();
        let name = codec.map_or(Json.name(), Codec::name);
        if let Some((_, message)) = self.messages.iter().find(|(codec, _)| codec == name) {
            return Ok(message.clone());
        }
        let value = self.value;
        let message = codec.map_or_else(|| Json.encode(value), |codec| codec.encode(value))?;
        let message = message.shared();
        self.messages.push((name.to_owned(), message.clone()));
        Ok(message)
    }
}
