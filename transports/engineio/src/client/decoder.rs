//! Packets out of a body that comes in pieces.

use bytes::{Buf, Bytes, BytesMut};
use plimsoll::{Error, ErrorKind};

use crate::codec::{Packet, Version};

/// Takes packets out of a body while it comes.
///
/// A server may answer a poll with all that it has, which may be far more than there should be in
/// memory at once. So the length of each packet is bounded, but not that of the body.
pub(super) struct Decoder {
    max_message: usize,
    /// What came last, less what was taken.
    chunk: Bytes,
    /// The start of a packet that goes on in `chunk`.
    start: BytesMut,
}

impl Decoder {
    /// Takes messages of at most `max_message` bytes.
    pub(super) fn new(max_message: usize) -> Self {
        Self { max_message, chunk: Bytes::new(), start: BytesMut::new() }
    }

    /// Adds what came, after everything before it was [taken](Self::take).
    pub(super) fn push(&mut self, chunk: Bytes) {
        self.chunk = chunk;
    }

    /// The next packet that is known to be whole, because a separator follows.
    pub(super) fn take(&mut self) -> Result<Option<Packet>, Error> {
        let Some(end) = self.chunk.iter().position(|byte| *byte == SEPARATOR) else {
            self.hold(self.chunk.len())?;
            return Ok(None);
        };
        self.hold(end)?;
        self.chunk.advance(1);
        self.read().map(Some)
    }

    /// The last packet, after the end of the body.
    pub(super) fn finish(&mut self) -> Result<Packet, Error> {
        self.read()
    }

    /// Moves the next `len` bytes to the start of the packet. They are copied, for whoever keeps
    /// a packet would keep the whole chunk with it.
    fn hold(&mut self, len: usize) -> Result<(), Error> {
        if self.start.len() + len > longest(self.max_message) {
            return Err(too_large());
        }
        self.start.extend_from_slice(&self.chunk[..len]);
        self.chunk.advance(len);
        Ok(())
    }

    fn read(&mut self) -> Result<Packet, Error> {
        let packet = std::mem::take(&mut self.start).freeze();
        let packet = Packet::from_text(packet, Version::V4)?;
        match &packet {
            Packet::Message(message) if message.len() > self.max_message => Err(too_large()),
            _ => Ok(packet),
        }
    }
}

/// How long the text form of a packet may be: `b` and base64.
fn longest(max_message: usize) -> usize {
    max_message.div_ceil(3).saturating_mul(4).saturating_add(1).max(MIN_PACKET)
}

fn too_large() -> Error {
    Error::with_message(ErrorKind::TooLarge, "a message is longer than `max_message`")
}

/// Stands between packets.
const SEPARATOR: u8 = 0x1e;
/// The packet that opens a session fits in, whatever the length of messages.
const MIN_PACKET: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use plimsoll::Message;
    use proptest::prelude::*;

    use super::*;

    fn decode(body: &[u8], chunk: usize, max: usize) -> Result<Vec<Packet>, Error> {
        let mut decoder = Decoder::new(max);
        let mut packets = Vec::new();
        for chunk in body.chunks(chunk) {
            decoder.push(Bytes::copy_from_slice(chunk));
            while let Some(packet) = decoder.take()? {
                packets.push(packet);
            }
        }
        packets.push(decoder.finish()?);
        Ok(packets)
    }

    #[test]
    fn a_message_over_the_limit_is_refused_while_it_comes() {
        let text = |len: usize| format!("4{}", "x".repeat(len)).into_bytes();
        for chunk in [1, 7, 100_000] {
            assert!(decode(&text(20_000), chunk, 20_000).is_ok());
            let error = decode(&text(20_001), chunk, 20_000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge);
        }
        let mut decoder = Decoder::new(30_000);
        let mut taken = 0;
        while decoder.take().is_ok() {
            decoder.push(Bytes::from(vec![b'4'; 1000]));
            taken += 1000;
        }
        assert!(taken < 50_000, "{taken}");
    }

    #[test]
    fn base64_counts_as_what_it_stands_for() {
        // Eight characters of base64 for six bytes, or for five, or for four.
        let body = |data: &str| format!("4a\x1eb{data}").into_bytes();
        for (data, len) in [("AAAAAAAA", 6), ("AAAAAAA=", 5), ("AAAAAA==", 4)] {
            let packets = decode(&body(data), 3, len).unwrap();
            let zeros = Message::binary(vec![0; len]);
            assert_eq!(packets, [Packet::Message("a".into()), Packet::Message(zeros)]);
            assert!(decode(&body(data), 3, len - 1).is_err());
        }
    }

    proptest! {
        #[test]
        fn how_a_body_is_cut_makes_no_difference(
            texts in prop::collection::vec("[^\u{1e}]{0,20}", 1..10),
            chunk in 1..30_usize,
        ) {
            let packets: Vec<_> = texts.iter().map(|text| format!("4{text}")).collect();
            let body = packets.join("\u{1e}");
            let packets: Vec<_> =
                texts.iter().map(|text| Packet::Message(text.as_str().into())).collect();
            prop_assert_eq!(decode(body.as_bytes(), chunk, 100).unwrap(), packets);
        }

        #[test]
        fn any_body_is_read(body in prop::collection::vec(any::<u8>(), 0..200), chunk in 1..50_usize) {
            let _ = decode(&body, chunk, 50);
        }
    }
}
