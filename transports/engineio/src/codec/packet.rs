//! Packets, one by one: as in a WebSocket message, or between the separators of a payload.

use bytes::{Buf, Bytes};
use plimsoll::{Error, ErrorKind, Message, Text};

use super::form::{BinaryForm, TextForm};
use super::{Dialect, Version, base64};

/// What both sides send each other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Packet {
    /// The first packet of a server, with an [`Open`](super::Open) as JSON.
    Open(Text),
    /// Ends the session.
    Close,
    /// Asks for a pong with the same text: empty for a heartbeat, [`PROBE`](Self::PROBE) for a
    /// probe of a WebSocket.
    Ping(Text),
    Pong(Text),
    Message(Message),
    /// Moves the session to the WebSocket on which it comes.
    Upgrade,
    /// Ends a poll for which there is nothing.
    Noop,
}

impl Packet {
    /// What a message begins with in its text form, unless it is binary.
    pub(crate) const TEXT_MESSAGE: &str = "4";

    /// The text of the ping and the pong that try out a WebSocket.
    pub(crate) const PROBE: Text = Text::from_static("probe");

    /// Reads a packet from its text form: a digit and text, or `b` and base64. Text that a packet
    /// has no use for is ignored, as in the reference implementation.
    pub(crate) fn from_text(mut bytes: Bytes, version: Version) -> Result<Self, Error> {
        let Some(&kind) = bytes.first() else { return Err(protocol("a packet is empty")) };
        bytes.advance(1);
        let data = bytes;
        Ok(match kind {
            b'0' => Self::Open(text(data)?),
            b'1' => Self::Close,
            b'2' => Self::Ping(text(data)?),
            b'3' => Self::Pong(text(data)?),
            b'4' => Self::Message(Message::text(text(data)?)),
            b'5' => Self::Upgrade,
            b'6' => Self::Noop,
            b'b' => {
                let data = match version {
                    Version::V3 => data.strip_prefix(b"4").ok_or_else(not_a_message)?,
                    Version::V4 => &data[..],
                };
                Self::Message(Message::binary(base64::decode(data)?))
            }
            _ => return Err(protocol(UNKNOWN)),
        })
    }

    /// Reads a packet from its binary form: data in version 4; the byte 4 and data in version 3,
    /// where nothing but messages comes so.
    pub(crate) fn from_binary(mut bytes: Bytes, version: Version) -> Result<Self, Error> {
        if version == Version::V3 {
            match bytes.first() {
                Some(&MESSAGE) => bytes.advance(1),
                Some(_) => return Err(not_a_message()),
                None => return Err(protocol("a packet is empty")),
            }
        }
        Ok(Self::Message(Message::binary(bytes)))
    }

    /// Reads a packet from a WebSocket message.
    #[inline]
    pub(crate) fn from_websocket(mut message: Message, version: Version) -> Result<Self, Error> {
        if message.strip_prefix(Self::TEXT_MESSAGE) {
            return Ok(Self::Message(message));
        }
        match (message.into_text(), version) {
            (Ok(text), _) => Self::from_text(text.into_bytes(), version),
            // Kept as it is, without a look into it.
            (Err(message), Version::V4) => Ok(Self::Message(message)),
            (Err(message), Version::V3) => Self::from_binary(message.into_bytes(), version),
        }
    }

    /// Makes a WebSocket message of the packet.
    #[inline]
    pub(crate) fn to_websocket(&self, dialect: Dialect) -> Message {
        match (self, dialect.version) {
            (Self::Message(message), Version::V4) if message.is_binary() && !dialect.base64 => {
                message.clone()
            }
            (Self::Message(message), Version::V3) if message.is_binary() && !dialect.base64 => {
                Message::binary(BinaryForm::V3.encode(self))
            }
            (_, version) => Message::text(TextForm::of(version).encode(self)),
        }
    }

    /// Appends the text form.
    pub(super) fn put_text(&self, version: Version, out: &mut String) {
        let text = match self {
            Self::Message(message) => match message.as_text() {
                Some(text) => text,
                None => {
                    out.push_str(match version {
                        Version::V3 => "b4",
                        Version::V4 => "b",
                    });
                    base64::encode(message.as_bytes(), out);
                    return;
                }
            },
            Self::Open(text) | Self::Ping(text) | Self::Pong(text) => text,
            Self::Close | Self::Upgrade | Self::Noop => "",
        };
        out.push(char::from(self.digit()));
        out.push_str(text);
    }

    /// Appends the binary form of version 3.
    pub(super) fn put_binary_v3(&self, out: &mut Vec<u8>) {
        out.push(self.digit() - b'0');
        out.extend_from_slice(self.data());
    }

    /// The length of the text form, in bytes.
    pub(super) fn text_len(&self, version: Version) -> usize {
        match (self.is_binary(), version) {
            (false, _) => 1 + self.data().len(),
            (true, Version::V3) => 2 + base64::encoded_len(self.data().len()),
            (true, Version::V4) => 1 + base64::encoded_len(self.data().len()),
        }
    }

    pub(super) fn is_binary(&self) -> bool {
        matches!(self, Self::Message(message) if message.is_binary())
    }

    pub(super) fn data(&self) -> &[u8] {
        match self {
            Self::Open(text) | Self::Ping(text) | Self::Pong(text) => text.as_bytes(),
            Self::Message(message) => message.as_bytes(),
            Self::Close | Self::Upgrade | Self::Noop => b"",
        }
    }

    /// What the text form begins with, unless it is base64.
    pub(super) fn digit(&self) -> u8 {
        match self {
            Self::Open(_) => b'0',
            Self::Close => b'1',
            Self::Ping(_) => b'2',
            Self::Pong(_) => b'3',
            Self::Message(_) => b'4',
            Self::Upgrade => b'5',
            Self::Noop => b'6',
        }
    }
}

/// An error of the peer.
pub(super) fn protocol(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Protocol, message)
}

fn not_a_message() -> Error {
    protocol("a binary packet is not a message")
}

fn text(bytes: Bytes) -> Result<Text, Error> {
    Text::from_utf8(bytes).map_err(|error| Error::with_source(ErrorKind::Codec, error))
}

const MESSAGE: u8 = 4;
const UNKNOWN: &str = "a packet is of an unknown type";
