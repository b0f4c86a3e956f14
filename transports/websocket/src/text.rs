//! Text crosses between this project and the protocol library without a second check.
//!
//! This is the crate's one module with `unsafe` code. A check costs a pass over each message,
//! about 1 ns for each 16 bytes; both types promise that it has been made.

#![expect(unsafe_code, reason = "checking again costs a pass over every message")]

use bytes::Bytes;
use plimsoll::Text;
use tungstenite::Utf8Bytes;

pub(crate) fn from_library(text: Utf8Bytes) -> Text {
    // SAFETY: a `Utf8Bytes` is UTF-8: its safe constructors check, and the unsafe one has it as
    // its condition.
    unsafe { Text::from_utf8_unchecked(Bytes::from(text)) }
}

pub(crate) fn into_library(text: Text) -> Utf8Bytes {
    // SAFETY: a `Text` is UTF-8: its safe constructors check, and the unsafe one has it as its
    // condition.
    unsafe { Utf8Bytes::from_bytes_unchecked(text.into_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_both_ways_without_a_copy() {
        for text in ["", "ascii", "é", "пойду", "\u{1F45F} and \u{0}", "\u{10FFFF}"] {
            let ours = Text::from(text);
            let address = ours.as_ptr();
            let theirs = into_library(ours);
            assert_eq!(theirs.as_str(), text);
            let ours = from_library(theirs);
            assert_eq!(ours, text);
            assert!(text.is_empty() || ours.as_ptr() == address);
        }
    }
}
