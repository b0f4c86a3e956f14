use bytes::Bytes;
use plimsoll::{Error, Message, Text, WireKey};
use plimsoll_encoding::{AnyCodec, Codec};

use super::Parser;
use crate::control::PREFIX;

/// JSON, as text messages: Primus's default, called `json`.
///
/// A binary message passes as it is, as in Primus. U+2028 and U+2029, which some old engines take
/// for the end of a line, are escaped on the way out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Parser for Json {
    fn name(&self) -> &str {
        "json"
    }

    fn codec(&self) -> AnyCodec {
        AnyCodec::new(plimsoll_encoding::Json.with_max_bytes(usize::MAX))
    }

    fn may_be_control(&self, message: &Message) -> bool {
        let string = message.as_text().and_then(|text| text.strip_prefix('"'));
        string.is_some_and(|string| string.starts_with(PREFIX))
    }

    fn outbound(&self, message: Message) -> Result<Message, Error> {
        let text = message.as_text().unwrap_or_default();
        // Without branches, so that many bytes are looked at together.
        let is_ascii = text.bytes().fold(0, |bits, byte| bits | byte).is_ascii();
        if is_ascii || !(text.contains(LINE_SEPARATOR) || text.contains(PARAGRAPH_SEPARATOR)) {
            return Ok(message);
        }
        let escaped = message.wire(ESCAPED, |message| {
            let text = message.as_text().unwrap_or_default();
            let text = text.replace(LINE_SEPARATOR, "\\u2028");
            Bytes::from(text.replace(PARAGRAPH_SEPARATOR, "\\u2029"))
        });
        Ok(Text::from_utf8(escaped).map_or(message, Message::text))
    }
}

const LINE_SEPARATOR: char = '\u{2028}';
const PARAGRAPH_SEPARATOR: char = '\u{2029}';
const ESCAPED: WireKey = WireKey { protocol: "primus", variant: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_lines_are_escaped() {
        let message = Json.outbound("\"a\u{2028}b\u{2029}\u{2028}\"".into()).unwrap();
        assert_eq!(message.as_text(), Some("\"a\\u2028b\\u2029\\u2028\""));
        let binary = Message::binary("\u{2028}");
        assert_eq!(Json.outbound(binary.clone()).unwrap(), binary);
    }

    #[test]
    fn only_text_with_the_prefix_may_be_control() {
        assert!(Json.may_be_control(&"\"primus::id::\"".into()));
        for message in ["primus::id::", "[\"primus::id::\"]", "\"\"", "", "\"primus"] {
            assert!(!Json.may_be_control(&message.into()), "{message}");
        }
        assert!(!Json.may_be_control(&Message::binary("\"primus::id::\"")));
    }
}
