//! A value in the formats of those who get it.

use plimsoll::{Error, Message, Sender};
use plimsoll_encoding::{AnyCodec, Codec, Json};
use serde::Serialize;

/// One message for each codec in use, by the codec's name.
#[derive(Default)]
pub(crate) struct Encoded(Vec<(String, Message)>);

impl Encoded {
    /// Encodes `value` for `member`, unless somebody else has the same codec.
    pub(crate) fn add<T>(&mut self, member: &Sender, value: &T) -> Result<(), Error>
    where
        T: Serialize + ?Sized,
    {
        let codec = member.info().get::<AnyCodec>();
        let name = name(codec);
        if self.find(name).is_none() {
            let message = codec.map_or_else(|| Json.encode(value), |codec| codec.encode(value))?;
            self.0.push((name.to_owned(), message.shared()));
        }
        Ok(())
    }

    pub(crate) fn get(&self, member: &Sender) -> Option<Message> {
        self.find(name(member.info().get())).cloned()
    }

    fn find(&self, name: &str) -> Option<&Message> {
        self.0.iter().find(|(codec, _)| codec == name).map(|(_, message)| message)
    }
}

fn name(codec: Option<&AnyCodec>) -> &str {
    codec.map_or(Json.name(), Codec::name)
}
