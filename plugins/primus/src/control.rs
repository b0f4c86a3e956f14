//! What Primus peers tell each other among the messages of the application.

use std::fmt;

use plimsoll::Message;
use plimsoll_encoding::Codec;

use crate::parser::Parser;

/// A string that begins with `primus::`, in the words that both sides understand.
///
/// | string | from | meaning |
/// |---|---|---|
/// | `primus::ping::<time>` | the server | to be answered by a pong with the same time |
/// | `primus::pong::<time>` | the client | a sign of life |
/// | `primus::id::` | the client | asks for the id of the connection |
/// | `primus::id::<id>` | the server | the id |
/// | `primus::server::close` | the server | the close that follows is meant: do not come back |
///
/// Other strings with this beginning are the application's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Control<'a> {
    Id(&'a str),
    Ping(&'a str),
    Pong(&'a str),
    Server(&'a str),
}

impl<'a> Control<'a> {
    pub(crate) const CLOSE: Self = Self::Server("close");

    /// Takes a string apart; `None` for one of the application's.
    pub(crate) fn parse(string: &'a str) -> Option<Self> {
        let (kind, value) = string.strip_prefix(PREFIX)?.split_once("::")?;
        Some(match kind {
            "id" => Self::Id(value),
            "ping" => Self::Ping(value),
            "pong" => Self::Pong(value),
            "server" => Self::Server(value),
            _ => return None,
        })
    }

    /// As a message, in the format of `parser`, on its way out.
    pub(crate) fn message(self, parser: &dyn Parser) -> Result<Message, plimsoll::Error> {
        parser.outbound(parser.codec().encode(&self.to_string())?)
    }
}

impl fmt::Display for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, value) = match self {
            Self::Id(value) => ("id", value),
            Self::Ping(value) => ("ping", value),
            Self::Pong(value) => ("pong", value),
            Self::Server(value) => ("server", value),
        };
        write!(f, "{PREFIX}{kind}::{value}")
    }
}

/// The string in a message that [`Control::parse`] may understand. `message` has been through
/// [`Parser::inbound`].
pub(crate) fn string(parser: &dyn Parser, message: &Message) -> Option<String> {
    if !parser.may_be_control(message) {
        return None;
    }
    parser.codec().decode(message).ok()
}

/// How every string of the protocol begins.
pub(crate) const PREFIX: &str = "primus::";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parser::{BinaryPack, Json, MessagePack};

    #[test]
    fn words_of_the_protocol_are_understood() {
        for (string, control) in [
            ("primus::id::", Control::Id("")),
            ("primus::id::a::b", Control::Id("a::b")),
            ("primus::ping::1795468957555", Control::Ping("1795468957555")),
            ("primus::pong::NaN", Control::Pong("NaN")),
            ("primus::server::close", Control::CLOSE),
            ("primus::server::", Control::Server("")),
        ] {
            assert_eq!(Control::parse(string), Some(control), "{string}");
            assert_eq!(control.to_string(), string);
        }
    }

    #[test]
    fn other_strings_are_the_application_s() {
        for string in
            ["", "primus", "primus::", "primus::id", "primus::unknown::x", " primus::id::"]
        {
            assert_eq!(Control::parse(string), None, "{string}");
        }
    }

    fn through(parser: &dyn Parser, value: &str) -> Option<String> {
        let message = Control::Id(value).message(parser).unwrap();
        string(parser, &parser.inbound(message).unwrap())
    }

    #[test]
    fn words_of_any_length_are_recognised() {
        for length in [0, 1, 4, 19, 20, 243, 244, 65_523, 65_524] {
            let value = "x".repeat(length);
            for parser in PARSERS {
                let expected = Some(format!("primus::id::{value}"));
                assert_eq!(through(parser, &value), expected, "{length}, {}", parser.name());
            }
        }
    }

    proptest! {
        #[test]
        fn every_parser_recognises_its_own(value in ".{0,300}") {
            for parser in PARSERS {
                prop_assert_eq!(through(parser, &value), Some(format!("primus::id::{value}")));
            }
        }

        #[test]
        fn any_message_is_read_without_a_panic(bytes: Vec<u8>, text in "(\"primus::)?.*") {
            for parser in PARSERS {
                let _ = string(parser, &Message::binary(bytes.clone()));
                let _ = string(parser, &Message::text(&*text));
            }
        }
    }

    const PARSERS: [&dyn Parser; 3] = [&Json, &MessagePack, &BinaryPack];
}
