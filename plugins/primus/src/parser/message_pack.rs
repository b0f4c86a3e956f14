use plimsoll::Message;
use plimsoll_encoding::{AnyCodec, Codec};

use super::Parser;
use crate::control::PREFIX;

/// MessagePack, as binary messages; called `msgpack`.
///
/// Primus has extensions of its own for what JavaScript adds: a date is extension 13 with the
/// milliseconds as a number, a regular expression extension 10, an error extension 14.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

impl Parser for MessagePack {
    fn name(&self) -> &str {
        "msgpack"
    }

    fn codec(&self) -> AnyCodec {
        AnyCodec::new(plimsoll_encoding::MessagePack.with_max_bytes(usize::MAX))
    }

    fn may_be_control(&self, message: &Message) -> bool {
        let string = match message.as_bytes() {
            [0xa0..=0xbf, string @ ..]
            | [0xd9, _, string @ ..]
            | [0xda, _, _, string @ ..]
            | [0xdb, _, _, _, _, string @ ..] => string,
            _ => return false,
        };
        message.is_binary() && string.starts_with(PREFIX.as_bytes())
    }
}
