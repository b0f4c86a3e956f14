//! [`Text`]: UTF-8 that is checked once and shared after that.
//!
//! This is the crate's one module with `unsafe` code.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::str::{self, Utf8Error};

use bytes::{Buf, Bytes};

/// An immutable string that is cheap to clone.
///
/// The bytes are checked when a `Text` is made and never again: not when it is read, and not
/// when a transport hands it to, or takes it from, a library with a checked string type of its
/// own.
///
/// ```
/// use plimsoll::Text;
///
/// let text = Text::from("ahoy");
/// assert_eq!(text.len(), 4);
/// assert_eq!(&*text.clone(), "ahoy");
/// ```
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text(Bytes);

impl Text {
    /// Makes a `Text` of a string literal, without allocating.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Checks `bytes` and keeps them, without copying.
    ///
    /// # Errors
    ///
    /// Fails if `bytes` is not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Self, Utf8Error> {
        // The standard library is slow with short texts that are not aligned.
        if !is_ascii(&bytes) {
            str::from_utf8(&bytes)?;
        }
        Ok(Self(bytes))
    }

    /// Keeps `bytes` unchecked, for transports whose protocol library has checked them.
    ///
    /// # Safety
    ///
    /// `bytes` is UTF-8.
    #[expect(unsafe_code, reason = "checking again costs a pass over every message")]
    pub const unsafe fn from_utf8_unchecked(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The text as a string slice.
    #[expect(unsafe_code, reason = "checking again costs a pass over every message")]
    pub fn as_str(&self) -> &str {
        // SAFETY: every safe constructor checks its input or takes a `str`, the unsafe one has
        // it as its condition, and the bytes behind a `Bytes` do not change.
        unsafe { str::from_utf8_unchecked(&self.0) }
    }

    /// The text without its first `length` bytes, without copying and without a second check.
    ///
    /// # Panics
    ///
    /// Panics if `length` is longer than the text or ends within a character.
    #[must_use]
    pub(crate) fn skip(mut self, length: usize) -> Self {
        assert!(self.is_char_boundary(length), "a text begins with a character");
        self.0.advance(length);
        self
    }

    /// The text as bytes, without copying.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

fn is_ascii(bytes: &[u8]) -> bool {
    // Without branches, so that 16 bytes are looked at together.
    let chunk_is_ascii =
        |chunk: &[u8; 16]| chunk.iter().fold(true, |ascii, byte| ascii & byte.is_ascii());
    match bytes.last_chunk() {
        // The last chunk may overlap the one before.
        Some(last) => bytes.as_chunks().0.iter().all(chunk_is_ascii) && chunk_is_ascii(last),
        None => bytes.is_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_it_was_made_of() {
        for text in ["", "ascii", "é", "пойду", "\u{1F45F} and \u{0}"] {
            assert_eq!(Text::from(text), text);
            assert_eq!(Text::from(text.to_owned()).as_str(), text);
            let bytes = Bytes::copy_from_slice(text.as_bytes());
            assert_eq!(Text::from_utf8(bytes.clone()).unwrap(), text);
            #[expect(unsafe_code, reason = "the constructor under test")]
            // SAFETY: the bytes are those of a `str`.
            let unchecked = unsafe { Text::from_utf8_unchecked(bytes) };
            assert_eq!(unchecked.into_bytes(), text.as_bytes());
        }
        assert_eq!(Text::from_static("static"), "static");
    }

    #[test]
    fn a_part_of_a_text_is_not_copied() {
        let text = Text::from("aé!");
        let address = text.as_ptr().wrapping_add(1);
        let rest = text.skip(1);
        assert_eq!((&*rest, rest.as_ptr()), ("é!", address));
        assert_eq!(rest.skip(3), "");
    }

    #[test]
    #[should_panic = "begins with a character"]
    fn a_text_does_not_begin_within_a_character() {
        let _ = Text::from("é").skip(1);
    }

    #[test]
    fn one_byte_decides_wherever_it_is() {
        for length in 0..50 {
            let ascii = vec![b'x'; length];
            assert!(is_ascii(&ascii));
            for at in 0..length {
                let mut bytes = ascii.clone();
                bytes[at] = 0x80;
                assert!(!is_ascii(&bytes));
                assert!(Text::from_utf8(bytes.into()).is_err());
            }
        }
    }

    #[test]
    fn text_is_never_made_of_other_bytes() {
        for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"abc\xf0\x9f\x91"] {
            assert!(Text::from_utf8(Bytes::from_static(bytes)).is_err(), "{bytes:?}");
        }
    }
}
