//! [`Text`]: UTF-8 that is checked once and shared after that.
//!
//! This is the crate's one module with `unsafe` code.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::str::{self, Utf8Error};

use bytes::Bytes;

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
        str::from_utf8(&bytes)?;
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
    fn text_is_never_made_of_other_bytes() {
        for bytes in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"abc\xf0\x9f\x91"] {
            assert!(Text::from_utf8(Bytes::from_static(bytes)).is_err(), "{bytes:?}");
        }
    }
}
