//! What is recorded of a frame.

use plimsoll::{CloseCode, Frame};

/// A frame without its content.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    pub(crate) bytes: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Binary,
    Close(CloseCode),
    Other,
    Ping,
    Pong,
    Text,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Close(_) => "close",
            Self::Other => "other",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Text => "text",
        }
    }
}

impl From<&Frame> for Seen {
    fn from(frame: &Frame) -> Self {
        let (kind, bytes) = match frame {
            Frame::Message(message) if message.is_text() => (Kind::Text, message.len()),
            Frame::Message(message) => (Kind::Binary, message.len()),
            Frame::Ping(payload) => (Kind::Ping, payload.len()),
            Frame::Pong(payload) => (Kind::Pong, payload.len()),
            Frame::Close(close) => (Kind::Close(close.code), close.wire_reason().len()),
            _ => (Kind::Other, 0),
        };
        Self { kind, bytes }
    }
}
