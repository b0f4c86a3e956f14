//! Messages in JSON, as they come from the other side: checked at once, taken out one by one.

use std::fmt;

use plimsoll::{Close, CloseCode, Error, ErrorKind, Text};
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::unquote::unquote;
use super::{closes, scan};

/// What one payload may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a message may be, in bytes of its text.
    pub(crate) max_message: usize,
    /// How many messages there may be.
    pub(crate) max_messages: usize,
}

/// The messages of one payload, in order. It is checked as a whole, so that nothing of a bad
/// payload is delivered; a message is made of it only when it is taken, so that many small ones
/// take no more memory than their payload.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    json: Text,
    at: usize,
    left: usize,
    /// There is nothing to unescape.
    plain: bool,
}

impl Messages {
    /// No messages.
    pub(crate) fn none() -> Self {
        Self { json: Text::default(), at: 0, left: 0, plain: true }
    }

    /// Reads a JSON array of strings from the byte `at` to the end.
    ///
    /// # Errors
    ///
    /// Says what is wrong, as the reference server tells it apart.
    pub(crate) fn array(json: Text, at: usize, limits: Limits) -> Result<Self, Malformed> {
        let source = json.get(at..).unwrap_or_default();
        if let Some(left) = plain_array(source, limits) {
            return Ok(Self { json, at, left, plain: true });
        }
        let mut fault = None;
        let mut deserializer = serde_json::Deserializer::from_str(source);
        let checked = deserializer
            .deserialize_seq(Check { limits, fault: &mut fault })
            .and_then(|count| deserializer.end().map(|()| count));
        match (checked, fault) {
            (Ok(left), None) => Ok(Self { json, at, left, plain: false }),
            (_, Some(Malformed::TooLarge)) => Err(Malformed::TooLarge),
            (_, Some(Malformed::TooMany)) => Err(Malformed::TooMany),
            (_, None | Some(Malformed::BrokenJson | Malformed::NotStrings)) => {
                Err(not_strings(source))
            }
        }
    }

    /// Reads one JSON string from the byte `at` to the end.
    ///
    /// # Errors
    ///
    /// Says what is wrong.
    pub(crate) fn one(json: Text, at: usize, limits: Limits) -> Result<Self, Malformed> {
        let source = json.get(at..).unwrap_or_default();
        if plain_literal(source.as_bytes(), limits) == Some(source.len()) {
            return Ok(Self { json, at, left: 1, plain: true });
        }
        let literal =
            serde_json::from_str::<&RawValue>(source).map_err(|_| Malformed::BrokenJson)?.get();
        match check(literal, limits) {
            Some(fault) => Err(fault),
            None => Ok(Self { json, at, left: 1, plain: false }),
        }
    }
}

impl Iterator for Messages {
    type Item = Text;

    fn next(&mut self) -> Option<Text> {
        self.left = self.left.checked_sub(1)?;
        let start = self.at + self.json.as_bytes()[self.at..].iter().position(|it| *it == b'"')?;
        if self.plain {
            let inside = &self.json[start + 1..];
            let text = &inside[..scan::find(inside.as_bytes(), |byte| byte == b'"')?];
            self.at = start + text.len() + 2;
            return Some(Text::from(text));
        }
        let end = start + literal_length(&self.json.as_bytes()[start..])?;
        self.at = end;
        unquote(&self.json[start..end]).map(|text| Text::from(text.into_owned()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Messages {}

/// What is wrong with a payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Malformed {
    /// It is not JSON.
    BrokenJson,
    /// It is JSON, but not what was expected: an array of strings, or over WebSocket a string.
    NotStrings,
    /// A message is too long.
    TooLarge,
    /// There are too many messages.
    TooMany,
}

impl Malformed {
    /// The close for a peer that sent it over WebSocket.
    pub(crate) fn close(self) -> Close {
        match self {
            Self::BrokenJson | Self::NotStrings => closes::broken_framing(),
            Self::TooLarge => Close::new(CloseCode::TOO_LARGE, TOO_LARGE),
            Self::TooMany => Close::new(CloseCode::TOO_LARGE, TOO_MANY),
        }
    }
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::BrokenJson => Self::with_message(ErrorKind::Protocol, "broken JSON"),
            Malformed::NotStrings => Self::with_message(ErrorKind::Protocol, "not strings"),
            Malformed::TooLarge => Self::with_message(ErrorKind::TooLarge, TOO_LARGE),
            Malformed::TooMany => Self::with_message(ErrorKind::TooLarge, TOO_MANY),
        }
    }
}

/// Counts the strings of an array.
struct Check<'a> {
    limits: Limits,
    fault: &'a mut Option<Malformed>,
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            let fault = if count == self.limits.max_messages {
                Some(Malformed::TooMany)
            } else {
                check(element.get(), self.limits)
            };
            if let Some(fault) = fault {
                *self.fault = Some(fault);
                return Err(de::Error::custom("a fault"));
            }
            count += 1;
        }
        Ok(count)
    }
}

fn check(literal: &str, limits: Limits) -> Option<Malformed> {
    if !literal.starts_with('"') {
        return Some(Malformed::NotStrings);
    }
    // A text is not longer than its literal, so that long ones only have to be read twice.
    let fits = literal.len() - 2 <= limits.max_message
        || unquote(literal).is_some_and(|text| text.len() <= limits.max_message);
    (!fits).then_some(Malformed::TooLarge)
}

/// Tells JSON of another kind from what is not JSON at all.
fn not_strings(source: &str) -> Malformed {
    match serde_json::from_str::<IgnoredAny>(source) {
        Ok(IgnoredAny) => Malformed::NotStrings,
        Err(_) => Malformed::BrokenJson,
    }
}

/// The number of strings in an array as JavaScript writes it, with no spaces, if no string is
/// against the limits or has anything to unescape. All else takes the long way.
fn plain_array(json: &str, limits: Limits) -> Option<usize> {
    let mut rest = json.as_bytes().strip_prefix(b"[")?;
    for count in 1..=limits.max_messages {
        rest = &rest[plain_literal(rest, limits)?..];
        match rest {
            b"]" => return Some(count),
            [b',', after @ ..] => rest = after,
            _ => return None,
        }
    }
    None
}

/// The length of the JSON string that `json` begins with, if the string is plain.
fn plain_literal(json: &[u8], limits: Limits) -> Option<usize> {
    let inside = json.strip_prefix(b"\"")?;
    let length = scan::find(inside, |byte| (byte < 0x20) | (byte == b'"') | (byte == b'\\'))?;
    (inside[length] == b'"' && length <= limits.max_message).then_some(length + 2)
}

/// The length of the JSON string that `json` begins with, both quotation marks included.
fn literal_length(json: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += scan::find(json.get(at..)?, |byte| (byte == b'"') | (byte == b'\\'))?;
        match json[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

const TOO_LARGE: &str = "message too large";
const TOO_MANY: &str = "too many messages";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::quote::quote;

    const LIMITS: Limits = Limits { max_message: 64, max_messages: 8 };

    fn array(json: &str) -> Result<Vec<String>, Malformed> {
        Messages::array(Text::from(json), 0, LIMITS)
            .map(|messages| messages.map(|text| text.to_string()).collect())
    }

    #[test]
    fn messages_come_out_in_order() {
        let json = " [ \"a\" ,\"\", \"b\\\"],\\\\\"\n,\"\\u0041é\\ud800\"] ";
        assert_eq!(array(json).unwrap(), ["a", "", "b\"],\\", "Aé\u{fffd}"]);
        assert_eq!(array("[]").unwrap(), [""; 0]);
        let messages = Messages::array(Text::from("a[\"x\",\"y\"]"), 1, LIMITS).unwrap();
        assert_eq!(messages.len(), 2);
        assert_eq!(messages.collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn a_bad_payload_is_told_apart_as_the_reference_does() {
        use Malformed::{BrokenJson, NotStrings};
        for (json, fault) in [
            ("", BrokenJson),
            (" ", BrokenJson),
            ("[\"x", BrokenJson),
            ("[\"x\"", BrokenJson),
            ("[\"x\",]", BrokenJson),
            ("[\"x\"]]", BrokenJson),
            ("[\"x\" \"y\"]", BrokenJson),
            ("[\"a\nb\"]", BrokenJson),
            ("[\"\\x\"]", BrokenJson),
            ("['x']", BrokenJson),
            ("\u{feff}[]", BrokenJson),
            ("[1, nope]", BrokenJson),
            ("{\"a\":", BrokenJson),
            ("null", NotStrings),
            ("\"x\"", NotStrings),
            ("{\"a\":[\"x\"]}", NotStrings),
            ("[\"x\", 1]", NotStrings),
            ("[[\"x\"]]", NotStrings),
            ("[null]", NotStrings),
        ] {
            assert_eq!(array(json), Err(fault), "{json}");
        }
    }

    #[test]
    fn a_message_is_measured_by_its_text() {
        let fits = format!("[\"{}\"]", "\\u0041".repeat(64));
        assert_eq!(array(&fits).unwrap(), ["A".repeat(64)]);
        let over = format!("[\"{}\"]", "\\u0041".repeat(65));
        assert_eq!(array(&over), Err(Malformed::TooLarge));
        assert_eq!(array(&format!("[\"{}\"]", "é".repeat(33))), Err(Malformed::TooLarge));
    }

    #[test]
    fn the_number_of_messages_is_bounded() {
        let json = |count| format!("[{}]", vec!["\"\""; count].join(","));
        assert_eq!(array(&json(8)).unwrap().len(), 8);
        assert_eq!(array(&json(9)), Err(Malformed::TooMany));
        assert_eq!(array(&format!("[{}", "\"\",".repeat(100_000))), Err(Malformed::TooMany));
    }

    #[test]
    fn nesting_is_no_burden() {
        for json in ["[".repeat(200_000), "{\"a\":".repeat(200_000)] {
            assert_eq!(array(&json), Err(Malformed::BrokenJson));
        }
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert_eq!(array(&deep), Err(Malformed::NotStrings));
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(texts in prop::collection::vec(".{0,10}", 0..8)) {
            let mut json = String::from("[");
            for (at, text) in texts.iter().enumerate() {
                json.push_str(if at == 0 { "" } else { "," });
                quote(text, &mut json);
            }
            json.push(']');
            prop_assert_eq!(array(&json).unwrap(), texts);
        }

        #[test]
        fn what_the_check_accepts_comes_out_whole(json in "[\\[\\]\",\\\\ud8ne1 ]{0,24}") {
            if let Ok(messages) = Messages::array(Text::from(json.clone()), 0, LIMITS) {
                let count = messages.len();
                prop_assert_eq!(messages.count(), count);
                prop_assert_eq!(serde_json::from_str::<Vec<IgnoredAny>>(&json).unwrap().len(), count);
            }
        }
    }
}
