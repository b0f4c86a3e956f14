//! Text crosses from the protocol library to this project without a second check.
//!
//! This is the crate's one module with `unsafe` code. A check costs a pass over each message,
//! about 1 ns for each 16 bytes; the library's type promises that it has been made.

#![expect(unsafe_code, reason = "checking again costs a pass over every message")]

use bytes::Bytes;
use plimsoll::Text;
use tungstenite::Utf8Bytes;

pub(crate) fn from_library(text: Utf8Bytes) -> Text {
    // SAFETY: a `Utf8Bytes` is UTF-8: its safe constructors check, and the unsafe one has it as
    // its condition.
    unsafe { Text::from_utf8_unchecked(Bytes::from(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_taken_without_a_copy() {
        for text in ["", "ascii", "é", "пойду", "\u{1F45F} and \u{0}", "\u{10FFFF}"] {
            let theirs = Utf8Bytes::from(text);
            let address = theirs.as_ptr();
            let ours = from_library(theirs);
            assert_eq!(ours, text);
            assert!(text.is_empty() || ours.as_ptr() == address);
        }
    }
}
