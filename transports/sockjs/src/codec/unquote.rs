//! JSON strings as they arrive. JavaScript's strings may hold halves of surrogate pairs, and
//! bodies may hold bytes that are not UTF-8; neither is text, and each arrives as U+FFFD.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use plimsoll::Text;
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::scan;

/// The text of a JSON string, with U+FFFD in place of each lone surrogate. `None` if it is no
/// JSON string.
pub(crate) fn unquote(literal: &str) -> Option<Cow<'_, str>> {
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    if scan::find(inside.as_bytes(), |byte| byte == b'\\').is_none() {
        return Some(Cow::Borrowed(inside));
    }
    serde_json::from_str(literal).map(|Lossy(text)| Cow::Owned(text)).ok()
}

/// Bytes as text, with U+FFFD in place of what is not UTF-8. Copies only then.
pub(crate) fn lossy_text(bytes: Bytes) -> Text {
    Text::from_utf8(bytes.clone())
        .unwrap_or_else(|_| Text::from(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A string that is read as [`unquote`] does.
pub(crate) struct Lossy(pub(crate) String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As bytes, a string arrives with its lone surrogates, in the form of WTF-8.
        deserializer.deserialize_bytes(Wtf8)
    }
}

struct Wtf8;

impl Visitor<'_> for Wtf8 {
    type Value = Lossy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
        let text = match str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => replace_surrogates(bytes.to_vec()),
        };
        Ok(Lossy(text))
    }
}

/// Lone surrogates are three bytes long in WTF-8, as U+FFFD is.
fn replace_surrogates(mut bytes: Vec<u8>) -> String {
    for at in 0..bytes.len().saturating_sub(2) {
        if bytes[at] == 0xed && bytes[at + 1] >= 0xa0 {
            bytes[at..at + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_becomes_one_replacement_character() {
        for (literal, text) in [
            (r#""\ud800""#, "\u{fffd}"),
            (r#""a\udfffb""#, "a\u{fffd}b"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\n\ude00""#, "\u{fffd}\n\u{fffd}"),
            (r#""\ud83dé\u00e9\ud7ff\ue000""#, "\u{fffd}éé\u{d7ff}\u{e000}"),
        ] {
            assert_eq!(unquote(literal).as_deref(), Some(text), "{literal}");
        }
    }

    #[test]
    fn what_is_no_json_string_is_none() {
        for literal in ["", "\"", "x", "\"\\\"", "\"\\x\"", "\"\\u12\"", "[\"\\n\"]", "1"] {
            assert_eq!(unquote(literal), None, "{literal}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_become_replacement_characters() {
        assert_eq!(lossy_text(Bytes::from_static(b"a\xffb\xe2\x82")), "a\u{fffd}b\u{fffd}");
        assert_eq!(lossy_text(Bytes::from_static("aé".as_bytes())), "aé");
    }
}
