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
