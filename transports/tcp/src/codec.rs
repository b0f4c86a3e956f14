//! The wire format: bytes in, frames out, no I/O. `WIRE.md` describes it.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use plimsoll::{Close, CloseCode, Error, ErrorKind, Frame, Message, Text};

/// What a packet is, on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Kind {
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
    Hello = 16,
    Accept = 17,
    Refuse = 18,
}

/// What is at the start of a buffer.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// The beginning of a packet, which needs this many bytes more, at least one.
    Missing(usize),
    Packet(Kind, Bytes),
}

/// Which packets are expected, and how long they may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    Handshake,
    Open { max_message: usize },
}

/// Takes one packet from `input`, without copying its payload.
///
/// What the packet declares is checked as soon as it is there, before anybody makes room for
/// the payload.
pub(crate) fn take(input: &mut BytesMut, phase: Phase) -> Result<Decoded, Error> {
    let Some(header) = input.first_chunk::<HEADER>() else {
        return Ok(Decoded::Missing(HEADER - input.len()));
    };
    let [len @ .., kind] = header;
    let kind = Kind::new(*kind)?;
    let len = u32::from_be_bytes(*len);
    let len = phase.check(kind, usize::try_from(len).unwrap_or(usize::MAX))?;
    if input.len() - HEADER < len {
        return Ok(Decoded::Missing(HEADER + len - input.len()));
    }
    input.advance(HEADER);
    Ok(Decoded::Packet(kind, input.split_to(len).freeze()))
}

/// Makes a frame of a packet.
pub(crate) fn frame(kind: Kind, mut payload: Bytes) -> Result<Frame, Error> {
    Ok(match kind {
        Kind::Text => Frame::Message(Message::text(text(payload)?)),
        Kind::Binary => Frame::Message(Message::binary(payload)),
        Kind::Close if payload.is_empty() => Frame::Close(Close::new(CloseCode::NO_STATUS, "")),
        Kind::Close => {
            let code = payload.try_get_u16().map_err(|_| protocol("a close code is cut off"))?;
            let code = CloseCode::from(code);
            if !code.is_sendable() {
                return Err(protocol("a close code is not one to be sent"));
            }
            Frame::Close(Close::new(code, text(payload)?))
        }
        Kind::Ping => Frame::Ping(payload),
        Kind::Pong => Frame::Pong(payload),
        Kind::Hello | Kind::Accept | Kind::Refuse => return Err(protocol(OUT_OF_PLACE)),
    })
}

/// Writes the header of a frame to `out`, and returns its payload.
pub(crate) fn header(frame: Frame, out: &mut impl BufMut) -> Result<Bytes, Error> {
    let (kind, payload) = match frame {
        Frame::Message(message) if message.is_text() => (Kind::Text, message.into_bytes()),
        Frame::Message(message) => (Kind::Binary, message.into_bytes()),
        Frame::Ping(payload) => (Kind::Ping, payload),
        Frame::Pong(payload) => (Kind::Pong, payload),
        Frame::Close(close) => (Kind::Close, close_payload(&close)),
        _ => return Err(Error::with_message(ErrorKind::Unsupported, "a kind of frame")),
    };
    if payload.len() > kind.longest() {
        return Err(Error::with_message(ErrorKind::TooLarge, kind.too_long()));
    }
    put_header(kind, payload.len(), out);
    Ok(payload)
}

/// A packet of the handshake. The payload is short enough: its encoder sees to it.
pub(crate) fn packet(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + payload.len());
    put_header(kind, payload.len(), &mut out);
    out.extend_from_slice(payload);
    out
}

impl Kind {
    fn new(kind: u8) -> Result<Self, Error> {
        let kinds = [
            Self::Text,
            Self::Binary,
            Self::Close,
            Self::Ping,
            Self::Pong,
            Self::Hello,
            Self::Accept,
            Self::Refuse,
        ];
        let known = kinds.into_iter().find(|known| *known as u8 == kind);
        known.ok_or_else(|| protocol("a packet is of an unknown kind"))
    }

    /// How long a payload may be in any case, in bytes.
    fn longest(self) -> usize {
        match self {
            Self::Text | Self::Binary => MAX_LEN,
            Self::Close | Self::Ping | Self::Pong => MAX_CONTROL,
            Self::Hello | Self::Accept | Self::Refuse => MAX_HANDSHAKE,
        }
    }

    fn too_long(self) -> &'static str {
        match self {
            Self::Text | Self::Binary => "a message is too long",
            Self::Close | Self::Ping | Self::Pong => "a control frame is longer than 125 bytes",
            Self::Hello | Self::Accept | Self::Refuse => "a handshake is longer than 8 KiB",
        }
    }
}

impl Phase {
    /// Checks what a header declares, and returns the length.
    fn check(self, kind: Kind, len: usize) -> Result<usize, Error> {
        let (expected, longest) = match (self, kind) {
            (Self::Open { max_message }, Kind::Text | Kind::Binary) => (true, max_message),
            (Self::Open { .. }, Kind::Close | Kind::Ping | Kind::Pong) => (true, MAX_CONTROL),
            (Self::Handshake, Kind::Hello | Kind::Accept | Kind::Refuse) => (true, MAX_HANDSHAKE),
            (Self::Open { .. } | Self::Handshake, _) => (false, 0),
        };
        if !expected {
            return Err(protocol(OUT_OF_PLACE));
        }
        if len <= longest {
            return Ok(len);
        }
        match kind {
            Kind::Close | Kind::Ping | Kind::Pong => Err(protocol(kind.too_long())),
            _ => Err(Error::with_message(ErrorKind::TooLarge, kind.too_long())),
        }
    }
}

/// An error of the peer.
pub(crate) fn protocol(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Protocol, message)
}

fn put_header(kind: Kind, len: usize, out: &mut impl BufMut) {
    // The caller has checked the length against the kind's longest.
    out.put_u32(u32::try_from(len).unwrap_or(u32::MAX));
    out.put_u8(kind as u8);
}

fn close_payload(close: &Close) -> Bytes {
    if !close.code.is_sendable() {
        return Bytes::new();
    }
    let reason = close.wire_reason();
    let mut payload = Vec::with_capacity(2 + reason.len());
    payload.put_u16(close.code.into());
    payload.extend_from_slice(reason.as_bytes());
    payload.into()
}

fn text(bytes: Bytes) -> Result<Text, Error> {
    Text::from_utf8(bytes).map_err(|error| Error::with_source(ErrorKind::Codec, error))
}

/// The bytes of a header: the length of the payload (32 bits, big endian) and the kind.
pub(crate) const HEADER: usize = 5;
/// The longest payload of a message.
pub(crate) const MAX_LEN: usize = u32::MAX as usize;
/// The longest payload of a packet of the handshake.
pub(crate) const MAX_HANDSHAKE: usize = 8 * 1024;
/// The longest payload of a close, ping or pong.
const MAX_CONTROL: usize = 125;
const OUT_OF_PLACE: &str = "a packet is out of place";

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes that `WIRE.md` gives as an example.
    pub(crate) fn example(name: &str) -> Vec<u8> {
        let (_, examples) = include_str!("../WIRE.md").split_once("```text\n").unwrap();
        let mut lines = examples.lines().skip_while(|line| !line.starts_with(name));
        let first = lines.next().unwrap().strip_prefix(name).unwrap();
        let more = lines.take_while(|line| line.starts_with(' '));
        let bytes = std::iter::once(first).chain(more).flat_map(str::split_whitespace);
        bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    }

    fn encode(frame: Frame) -> Result<BytesMut, Error> {
        let mut out = BytesMut::new();
        let payload = header(frame, &mut out)?;
        out.extend_from_slice(&payload);
        Ok(out)
    }

    fn decode(input: &mut BytesMut) -> Result<Option<Frame>, Error> {
        match take(input, OPEN)? {
            Decoded::Missing(missing) => {
                assert!(missing > 0);
                Ok(None)
            }
            Decoded::Packet(kind, payload) => frame(kind, payload).map(Some),
        }
    }

    fn any_frame() -> impl Strategy<Value = Frame> {
        let control = || prop::collection::vec(any::<u8>(), 0..=MAX_CONTROL).prop_map(Bytes::from);
        let code = (0..u16::MAX).prop_map(CloseCode::from);
        let code = code.prop_filter("codes that may be sent", |code| code.is_sendable());
        prop_oneof![
            ".{0,200}".prop_map(|text| Frame::from(text.as_str())),
            prop::collection::vec(any::<u8>(), 0..2000).prop_map(Frame::from),
            control().prop_map(Frame::Ping),
            control().prop_map(Frame::Pong),
            (code, ".{0,30}").prop_map(|(code, reason)| {
                let close = Close::new(code, reason);
                Frame::Close(Close::new(code, close.wire_reason()))
            }),
            Just(Frame::Close(Close::new(CloseCode::NO_STATUS, ""))),
        ]
    }

    proptest! {
        #[test]
        fn frames_arrive_as_they_were(frames in prop::collection::vec(any_frame(), 0..10)) {
            let mut wire = BytesMut::new();
            for frame in &frames {
                wire.unsplit(encode(frame.clone()).unwrap());
            }
            for frame in frames {
                prop_assert_eq!(decode(&mut wire).unwrap(), Some(frame));
            }
            prop_assert!(wire.is_empty());
        }

        #[test]
        fn a_frame_that_is_cut_anywhere_waits_for_the_rest(frame in any_frame()) {
            let wire = encode(frame).unwrap();
            for len in 0..wire.len() {
                let mut cut = BytesMut::from(&wire[..len]);
                let Decoded::Missing(missing) = take(&mut cut, OPEN).unwrap() else {
                    panic!("cut to {len} bytes");
                };
                prop_assert!((1..=wire.len() - len).contains(&missing));
                prop_assert_eq!(cut.len(), len);
            }
        }

        #[test]
        fn any_bytes_are_frames_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for phase in [OPEN, Phase::Handshake] {
                let mut input = BytesMut::from(&*bytes);
                while let Ok(Decoded::Packet(kind, payload)) = take(&mut input, phase) {
                    prop_assert!(payload.len() <= bytes.len());
                    let _ = frame(kind, payload);
                }
            }
        }

        #[test]
        fn what_looks_like_a_packet_is_a_frame_or_an_error(
            kind in 0_u8..20,
            payload in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut input = BytesMut::new();
            input.put_u32(payload.len() as u32);
            input.put_u8(kind);
            input.extend_from_slice(&payload);
            if let Ok(frame) = decode(&mut input) {
                let frame = frame.expect("the packet is complete");
                prop_assert!(input.is_empty());
                // Encodes to the same bytes: there is one form only.
                let again = encode(frame).unwrap();
                prop_assert_eq!(&again[HEADER..], &payload[..]);
            }
        }
    }

    #[test]
    fn the_examples_of_the_document_are_right() {
        for (name, frame) in [
            ("text", Frame::from("ahoy")),
            ("binary", Frame::from(vec![0xFF, 0])),
            ("close", Frame::Close(Close::new(CloseCode::NORMAL, "bye"))),
            ("ping", Frame::Ping("1".into())),
            ("pong", Frame::Pong("1".into())),
        ] {
            let bytes = example(name);
            assert_eq!(encode(frame.clone()).unwrap(), bytes, "{name}");
            assert_eq!(decode(&mut BytesMut::from(&*bytes)).unwrap(), Some(frame), "{name}");
        }
    }

    #[test]
    fn a_declared_length_is_refused_before_there_is_room_for_it() {
        for (header, kind) in [
            (b"\xFF\xFF\xFF\xFF\x01", ErrorKind::TooLarge),
            (b"\x00\x00\x04\x01\x02", ErrorKind::TooLarge),
            (b"\x00\x00\x00\x7E\x08", ErrorKind::Protocol),
            (b"\x00\x00\x00\x7E\x09", ErrorKind::Protocol),
            (b"\x00\x00\x00\x7E\x0A", ErrorKind::Protocol),
        ] {
            let mut input = BytesMut::from(&header[..]);
            let capacity = input.capacity();
            let phase = Phase::Open { max_message: 1024 };
            assert_eq!(take(&mut input, phase).unwrap_err().kind(), kind, "{header:?}");
            assert_eq!(input.capacity(), capacity);
        }
        for kind in [Kind::Hello, Kind::Accept, Kind::Refuse] {
            let mut input = BytesMut::from(&[0, 0, 0x20, 1, kind as u8][..]);
            let error = take(&mut input, Phase::Handshake).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{kind:?}");
        }
    }

    #[test]
    fn a_bad_packet_says_by_which_code_to_close() {
        for (packet, code) in [
            (&b"\x00\x00\x00\x01\x01\xFF"[..], CloseCode::INVALID_DATA),
            (b"\x00\x00\x00\x03\x08\x03\xE8\xFF", CloseCode::INVALID_DATA),
            (b"\x00\x00\x00\x01\x08\x03", CloseCode::PROTOCOL),
            (b"\x00\x00\x00\x02\x08\x03\xED", CloseCode::PROTOCOL),
            (b"\x00\x00\x00\x02\x08\x00\x00", CloseCode::PROTOCOL),
            (b"\x00\x00\x00\x00\x03", CloseCode::PROTOCOL),
            (b"\x00\x00\x00\x00\x10", CloseCode::PROTOCOL),
        ] {
            let error = decode(&mut BytesMut::from(packet)).unwrap_err();
            assert_eq!(error.close().unwrap().code, code, "{packet:?}");
        }
    }

    #[test]
    fn other_protocols_are_not_taken_for_a_handshake() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC",
            b"SSH-2.0-OpenSSH",
        ] {
            let error = take(&mut BytesMut::from(bytes), Phase::Handshake).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{bytes:?}");
        }
    }

    #[test]
    fn a_control_frame_that_is_too_long_is_not_sent() {
        let long = Bytes::from(vec![0; MAX_CONTROL + 1]);
        for frame in [Frame::Ping(long.clone()), Frame::Pong(long)] {
            let mut out = BytesMut::new();
            assert_eq!(header(frame, &mut out).unwrap_err().kind(), ErrorKind::TooLarge);
            assert!(out.is_empty());
        }
        let close = Close::new(CloseCode::NORMAL, "é".repeat(100));
        assert_eq!(encode(Frame::Close(close)).unwrap().len(), HEADER + MAX_CONTROL - 1);
    }

    const OPEN: Phase = Phase::Open { max_message: 4096 };
}
