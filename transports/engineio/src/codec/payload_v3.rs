//! The two formats of payloads in version 3, packet by packet.

use bytes::{Buf, Bytes};
use plimsoll::Error;

use super::packet::protocol;
use super::{Packet, Version};

/// What the first byte of a packet in a binary payload tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Text,
    Binary,
}

/// Appends `<length>:<packet>`. The length is in UTF-16 code units.
pub(super) fn put_text_entry(packet: &Packet, out: &mut String) {
    let len = match packet.is_binary() {
        true => packet.text_len(Version::V3),
        false => 1 + utf16_len(packet.data()),
    };
    out.push_str(&len.to_string());
    out.push(char::from(COLON));
    packet.put_text(Version::V3, out);
}

/// Appends the kind, the digits of the length as bytes from 0 to 9, the byte 255, the packet.
pub(super) fn put_binary_entry(packet: &Packet, out: &mut Vec<u8>) {
    let len = 1 + packet.data().len();
    out.push(u8::from(packet.is_binary()));
    out.extend(len.to_string().bytes().map(|digit| digit - b'0'));
    out.push(END);
    match packet.is_binary() {
        true => packet.put_binary_v3(out),
        false => {
            out.push(packet.digit());
            out.extend_from_slice(packet.data());
        }
    }
}

/// Takes a packet from a text payload, in time that is linear in its length.
pub(super) fn take_text_entry(body: &mut Bytes) -> Result<Bytes, Error> {
    let units = take_len(body, b'0', COLON)?;
    let len = utf16_prefix(body, units).ok_or_else(|| protocol(WRONG_LENGTH))?;
    Ok(body.split_to(len))
}

/// Takes a packet from a binary payload.
pub(super) fn take_binary_entry(body: &mut Bytes) -> Result<(Kind, Bytes), Error> {
    let kind = match body.try_get_u8() {
        Ok(0) => Kind::Text,
        Ok(1) => Kind::Binary,
        _ => return Err(protocol("a packet in a binary payload is neither text nor binary")),
    };
    let len = take_len(body, 0, END)?;
    if len > body.len() {
        return Err(protocol(WRONG_LENGTH));
    }
    Ok((kind, body.split_to(len)))
}

/// How much stands before a packet of `len` bytes, at most.
pub(super) fn header_len(len: usize) -> usize {
    2 + len.checked_ilog10().map_or(1, |digits| digits as usize + 1)
}

fn take_len(body: &mut Bytes, zero: u8, end: u8) -> Result<usize, Error> {
    let longest = &body[..body.len().min(MAX_DIGITS + 1)];
    let digits = longest.iter().position(|byte| *byte == end).filter(|digits| *digits > 0);
    let digits = digits.ok_or_else(|| protocol(NO_LENGTH))?;
    let mut len: u64 = 0;
    for digit in &body[..digits] {
        match digit.checked_sub(zero) {
            Some(digit @ 0..=9) => len = len * 10 + u64::from(digit),
            _ => return Err(protocol(NO_LENGTH)),
        }
    }
    body.advance(digits + 1);
    usize::try_from(len).map_err(|_| protocol(WRONG_LENGTH))
}

/// How many UTF-16 code units UTF-8 text has.
fn utf16_len(text: &[u8]) -> usize {
    text.iter().map(|byte| usize::from(!is_continuation(*byte)) + usize::from(*byte >= 0xf0)).sum()
}

/// How many bytes the first `units` UTF-16 code units of a text take. If they are not UTF-8, the
/// result is any number within `text`.
fn utf16_prefix(text: &[u8], units: usize) -> Option<usize> {
    let (mut len, mut units) = (0, units);
    while units > 0 {
        let (bytes, taken) = match text.get(len)? {
            0..=0xbf => (1, 1),
            0xc0..=0xdf => (2, 1),
            0xe0..=0xef => (3, 1),
            0xf0..=0xff => (4, 2),
        };
        len += bytes;
        units = units.checked_sub(taken)?;
    }
    (len <= text.len()).then_some(len)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// The longest that stands before a packet: its kind, a length, and the byte after it.
pub(super) const MAX_HEADER: usize = 22;

/// As many as a length in JavaScript can have. The bound keeps a body of digits from being read
/// to its end.
const MAX_DIGITS: usize = 15;
const COLON: u8 = b':';
const END: u8 = 255;
const NO_LENGTH: &str = "a packet of a payload has no valid length";
const WRONG_LENGTH: &str = "the length of a packet is not that of its payload";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lengths_are_those_of_utf16(text in "\\PC*", more in "\\PC*") {
            let units = text.encode_utf16().count();
            prop_assert_eq!(utf16_len(text.as_bytes()), units);
            let all = format!("{text}{more}");
            prop_assert_eq!(utf16_prefix(all.as_bytes(), units), Some(text.len()));
        }

        #[test]
        fn headers_are_as_long_as_they_say(len in 0..2000usize) {
            let packet = Packet::Message(vec![0; len].into());
            let mut out = Vec::new();
            put_binary_entry(&packet, &mut out);
            prop_assert_eq!(out.len(), header_len(1 + len) + 1 + len);
        }
    }

    #[test]
    fn a_length_within_a_surrogate_pair_is_wrong() {
        assert_eq!(utf16_prefix("a\u{1F600}b".as_bytes(), 2), None);
        assert_eq!(utf16_prefix("a\u{1F600}b".as_bytes(), 3), Some(5));
        assert_eq!(utf16_prefix("a".as_bytes(), usize::MAX), None);
    }
}
