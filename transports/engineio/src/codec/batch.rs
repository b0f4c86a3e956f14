//! Bodies of requests and responses, put together.

use bytes::Bytes;
use plimsoll::{Error, ErrorKind};

use super::form::{BinaryForm, TextForm};
use super::payload::SEPARATOR;
use super::{Dialect, Packet, Version, payload_v3};

/// Packets that go into one body.
#[derive(Debug)]
pub(crate) struct Batch {
    dialect: Dialect,
    max_bytes: usize,
    max_packets: usize,
    packets: Vec<Packet>,
    /// The length of the body, at most.
    len: usize,
}

/// A body and its content type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Payload {
    pub(crate) bytes: Bytes,
    /// Whether the content type is `application/octet-stream`. If not, it is text in UTF-8.
    pub(crate) octet_stream: bool,
}

impl Batch {
    /// Begins a body of at most `max_bytes` and `max_packets`.
    pub(crate) fn new(dialect: Dialect, max_bytes: usize, max_packets: usize) -> Self {
        Self { dialect, max_bytes, max_packets, packets: Vec::new(), len: 0 }
    }

    /// Adds a packet, or gives it back if there is no room. For the first there is always room:
    /// to let the receiver judge is better than to hold it for ever.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Unsupported`] if the packet has the separator of version 4 in its
    /// text: the receiver would take what follows for a packet of its own, which may be one that
    /// the author of the text made up. The packet is dropped; the batch stays as it was.
    pub(crate) fn push(&mut self, packet: Packet) -> Result<Option<Packet>, Error> {
        if !can_poll(packet.data(), packet.is_binary(), self.dialect.version) {
            return Err(Error::with_message(ErrorKind::Unsupported, "text with U+001E by polling"));
        }
        let len = self.len.saturating_add(self.entry_len(&packet));
        let full = len > self.max_bytes || self.packets.len() >= self.max_packets;
        if full && !self.packets.is_empty() {
            return Ok(Some(packet));
        }
        self.len = len;
        self.packets.push(packet);
        Ok(None)
    }

    /// How long the data of another packet may be for it to fit, of whatever kind it is.
    pub(crate) fn room(&self) -> Option<usize> {
        let left = self.max_bytes.checked_sub(self.len)?.checked_sub(MAX_OVERHEAD)?;
        // What base64 leaves of it.
        (self.packets.len() < self.max_packets).then_some(left / 4 * 3)
    }

    /// Makes the body. One without packets is an error for its receiver in version 4.
    pub(crate) fn finish(self) -> Payload {
        let octet_stream = self.dialect.version == Version::V3
            && !self.dialect.base64
            && self.packets.iter().any(Packet::is_binary);
        let encode = |packet| match self.dialect.version {
            Version::V3 if octet_stream => BinaryForm::V3Entry.encode(packet),
            Version::V3 => TextForm::V3Entry.encode(packet).into_bytes(),
            Version::V4 => TextForm::V4.encode(packet).into_bytes(),
        };
        let bytes = match &*self.packets {
            [] if self.dialect.version == Version::V3 => Bytes::from_static(b"0:"),
            // Receivers of a shared message share the whole body.
            [packet] => encode(packet),
            packets => {
                let mut out = Vec::with_capacity(self.len);
                for packet in packets {
                    if self.dialect.version == Version::V4 && !out.is_empty() {
                        out.push(SEPARATOR);
                    }
                    out.extend_from_slice(&encode(packet));
                }
                out.into()
            }
        };
        Payload { bytes, octet_stream }
    }

    fn entry_len(&self, packet: &Packet) -> usize {
        match self.dialect {
            Dialect { version: Version::V4, .. } => {
                packet.text_len(Version::V4) + usize::from(!self.packets.is_empty())
            }
            Dialect { version: Version::V3, base64: true } => {
                let len = packet.text_len(Version::V3);
                payload_v3::header_len(len) + len
            }
            Dialect { version: Version::V3, base64: false } => {
                let len = 1 + packet.data().len();
                payload_v3::header_len(len) + len
            }
        }
    }
}

/// Whether data can travel by polling: nothing escapes the separator of version 4 in a text.
pub(crate) fn can_poll(data: &[u8], is_binary: bool, version: Version) -> bool {
    is_binary || version == Version::V3 || !data.contains(&SEPARATOR)
}

/// What a packet takes besides its data: a header, `b4`, and the padding of base64.
const MAX_OVERHEAD: usize = payload_v3::MAX_HEADER + 6;

#[cfg(test)]
mod tests {
    use plimsoll::Message;

    use super::*;

    fn text(len: usize) -> Packet {
        Packet::Message("x".repeat(len).into())
    }

    #[test]
    fn version_4_fills_the_budget_to_the_byte() {
        // `4xx`, a separator, `4xxx`.
        let mut batch = Batch::new(Dialect::V4, 8, 10);
        assert!(batch.packets.is_empty());
        assert_eq!(batch.push(text(2)).unwrap(), None);
        assert_eq!(batch.push(text(4)).unwrap(), Some(text(4)));
        assert_eq!(batch.push(text(3)).unwrap(), None);
        assert_eq!(batch.push(Packet::Noop).unwrap(), Some(Packet::Noop));
        assert_eq!(batch.finish().bytes, &b"4xx\x1e4xxx"[..]);
    }

    #[test]
    fn one_packet_goes_out_whatever_its_size() {
        let mut batch = Batch::new(Dialect::V4, 1, 0);
        assert_eq!(batch.push(text(100)).unwrap(), None);
        assert_eq!(batch.room(), None);
        assert_eq!(batch.push(Packet::Noop).unwrap(), Some(Packet::Noop));
        assert_eq!(batch.finish().bytes.len(), 101);
    }

    #[test]
    fn a_separator_in_a_text_is_not_sent_by_polling() {
        let forged = Packet::Message("a\u{1e}1".into());
        let mut batch = Batch::new(Dialect::V4, 100, 10);
        assert_eq!(batch.push(forged.clone()).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(batch.packets.is_empty());
        let binary = Packet::Message(Message::binary(&b"a\x1e1"[..]));
        assert_eq!(batch.push(binary).unwrap(), None);

        let dialect = Dialect { version: Version::V3, base64: false };
        let mut batch = Batch::new(dialect, 100, 10);
        assert_eq!(batch.push(forged).unwrap(), None);
        assert_eq!(batch.finish().bytes, &b"4:4a\x1e1"[..]);
    }

    #[test]
    fn what_the_room_allows_is_taken() {
        for version in [Version::V3, Version::V4] {
            for base64 in [false, true] {
                let mut batch = Batch::new(Dialect { version, base64 }, 1000, 10);
                let mut packets = 0;
                while let Some(room) = batch.room() {
                    let data = vec![7; room.min(100)];
                    assert_eq!(batch.push(Packet::Message(data.into())).unwrap(), None);
                    packets += 1;
                }
                assert!(packets > 5);
                assert!(batch.finish().bytes.len() <= 1000);
            }
        }
    }

    #[test]
    fn receivers_of_a_shared_message_share_the_body() {
        let message = Message::text("news").shared();
        let [one, two] = [(), ()].map(|()| {
            let mut batch = Batch::new(Dialect::V4, 100, 10);
            batch.push(Packet::Message(message.clone())).unwrap();
            batch.finish().bytes
        });
        assert_eq!(one.as_ptr(), two.as_ptr());
    }
}
