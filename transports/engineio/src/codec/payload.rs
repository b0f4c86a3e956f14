//! Bodies of requests and responses, taken apart packet by packet.

use std::iter::FusedIterator;

use bytes::{Buf, Bytes};
use memchr::memchr;
use plimsoll::{Error, ErrorKind};

use super::{Packet, Version, payload_v3};

/// How packets are put into a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// Each packet after its length in UTF-16 code units.
    V3Text,
    /// Each packet after its kind and its length in bytes: `application/octet-stream`.
    V3Binary,
    /// Packets between separators.
    V4,
}

/// The packets of a body, each read when it is asked for: what is not asked for costs nothing.
///
/// An error is the last item. What came before it counts, as in the reference implementation.
#[derive(Debug)]
pub(crate) struct Packets {
    /// `None` after the end.
    rest: Option<Bytes>,
    format: Format,
    left: usize,
    /// Packets below this length are copied out of the body.
    small: usize,
}

impl Packets {
    /// Takes apart a body of at most `max_packets` packets.
    pub(crate) fn new(body: Bytes, format: Format, max_packets: usize) -> Self {
        let small = body.len() / 2;
        let rest = (format != Format::V3Binary || !body.is_empty()).then_some(body);
        Self { rest, format, left: max_packets, small }
    }

    /// Reads what is next in `body` and keeps the rest; `None` if it is the empty string, by
    /// which version 3 writes a payload without packets.
    fn read(&mut self, mut body: Bytes) -> Result<Option<Packet>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(Error::with_message(ErrorKind::TooLarge, "a payload has too many packets"));
        };
        self.left = left;
        let (packet, more) = match self.format {
            Format::V3Text => {
                let packet = payload_v3::take_text_entry(&mut body)?;
                if packet.is_empty() {
                    self.rest = (!body.is_empty()).then_some(body);
                    return Ok(None);
                }
                (Packet::from_text(self.detach(packet), Version::V3)?, !body.is_empty())
            }
            Format::V3Binary => {
                let packet = match payload_v3::take_binary_entry(&mut body)? {
                    (payload_v3::Kind::Text, packet) => {
                        Packet::from_text(self.detach(packet), Version::V3)?
                    }
                    (payload_v3::Kind::Binary, packet) => {
                        Packet::from_binary(self.detach(packet), Version::V3)?
                    }
                };
                (packet, !body.is_empty())
            }
            Format::V4 => {
                let separator = memchr(SEPARATOR, &body);
                let packet = body.split_to(separator.unwrap_or(body.len()));
                if separator.is_some() {
                    body.advance(1);
                }
                (Packet::from_text(self.detach(packet), Version::V4)?, separator.is_some())
            }
        };
        self.rest = more.then_some(body);
        Ok(Some(packet))
    }

    /// Copies a small packet, for whoever keeps it would keep all of the body with it.
    fn detach(&self, packet: Bytes) -> Bytes {
        if packet.len() < self.small { Bytes::copy_from_slice(&packet) } else { packet }
    }
}

impl Iterator for Packets {
    type Item = Result<Packet, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let body = self.rest.take()?;
            if let Some(packet) = self.read(body).transpose() {
                return Some(packet);
            }
        }
    }
}

impl FusedIterator for Packets {}

/// Stands between the packets of a payload in version 4.
pub(super) const SEPARATOR: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(body: &[u8], format: Format) -> (usize, Option<ErrorKind>) {
        let mut packets = Packets::new(Bytes::copy_from_slice(body), format, 100);
        let good = packets.by_ref().take_while(Result::is_ok).count();
        assert!(packets.next().is_none(), "an error is the last item");
        let error = Packets::new(Bytes::copy_from_slice(body), format, 100).find_map(Result::err);
        (good, error.map(|error| error.kind()))
    }

    #[test]
    fn what_comes_before_an_error_counts() {
        use ErrorKind::{Codec, Protocol};
        use Format::{V3Binary, V3Text, V4};
        let table: [(&[u8], Format, usize, Option<ErrorKind>); 37] = [
            (b"", V4, 0, Some(Protocol)),
            (b"4a\x1e", V4, 1, Some(Protocol)),
            (b"\x1e4a", V4, 0, Some(Protocol)),
            (b"4a\x1e4b", V4, 2, None),
            (b"4a\x1e7\x1e4b", V4, 1, Some(Protocol)),
            (b"4a\x1e4\xff", V4, 1, Some(Codec)),
            (b"\xc3\xa9", V4, 0, Some(Protocol)),
            (b"bQQ", V4, 1, None),
            (b"bQ Q", V4, 0, Some(Codec)),
            (b"1abc\x1e6x", V4, 2, None),
            (b"", V3Text, 0, Some(Protocol)),
            (b"0:", V3Text, 0, None),
            (b"0:0:1:6", V3Text, 1, None),
            (b"10:", V3Text, 0, Some(Protocol)),
            (b"2:4", V3Text, 0, Some(Protocol)),
            (b"1:6:", V3Text, 1, Some(Protocol)),
            (b"1:66", V3Text, 1, Some(Protocol)),
            (b"a:6", V3Text, 0, Some(Protocol)),
            (b"+1:6", V3Text, 0, Some(Protocol)),
            (b"01:6", V3Text, 1, None),
            (b"0000000000000001:6", V3Text, 0, Some(Protocol)),
            (b"3:4\xf0\x9f\x98\x80", V3Text, 1, None),
            (b"2:4\xf0\x9f\x98\x80", V3Text, 0, Some(Protocol)),
            (b"2:4\xff", V3Text, 0, Some(Protocol)),
            (b"4:4\xff\xff\xff\xff", V3Text, 0, Some(Protocol)),
            (b"2:4\x80", V3Text, 0, Some(Codec)),
            (b"4:b4QQ", V3Text, 1, None),
            (b"4:b2QQ", V3Text, 0, Some(Protocol)),
            (b"", V3Binary, 0, None),
            (b"\x00\x01\xff6\x01\x02\xff\x04a", V3Binary, 2, None),
            (b"\x02\x01\xff6", V3Binary, 0, Some(Protocol)),
            (b"\x00\xff", V3Binary, 0, Some(Protocol)),
            (b"\x00\x00\xff", V3Binary, 0, Some(Protocol)),
            (b"\x00\x0a\xff4aaaaaaaaa", V3Binary, 0, Some(Protocol)),
            (b"\x01\x01\xff\x02", V3Binary, 0, Some(Protocol)),
            (b"\x01\x02\xff\x04", V3Binary, 0, Some(Protocol)),
            (b"\x00\x01\xff6\x00", V3Binary, 1, Some(Protocol)),
        ];
        for (body, format, good, error) in table {
            assert_eq!(kinds(body, format), (good, error), "{:?}", Bytes::copy_from_slice(body));
        }
    }

    #[test]
    fn a_small_packet_does_not_keep_the_body() {
        let body = Bytes::from(format!("4a\x1e4{}", "b".repeat(1000)));
        let range = body.as_ptr_range();
        let inside: Vec<_> = Packets::new(body.clone(), Format::V4, 2)
            .map(|packet| range.contains(&packet.unwrap().data().as_ptr()))
            .collect();
        assert_eq!(inside, [false, true]);
    }
}
