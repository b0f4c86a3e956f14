//! Packets of a client as frames of the core, and back.

use plimsoll::{Close, CloseCode, Error, ErrorKind, Frame, Text};

use crate::codec::{Packet, Version};

/// What the endpoint gets of a packet; `None` for one that means nothing here.
///
/// # Errors
///
/// Fails if the client plays the server's part in the heartbeat.
#[inline]
pub(super) fn received(packet: Packet, version: Version) -> Result<Option<Frame>, Error> {
    Ok(Some(match (packet, version) {
        (Packet::Message(message), _) => Frame::Message(message),
        (Packet::Pong(text), Version::V4) => Frame::Pong(text.into_bytes()),
        (Packet::Ping(text), Version::V3) => Frame::Ping(text.into_bytes()),
        (Packet::Close, _) => Frame::Close(CLOSED_BY_CLIENT),
        (Packet::Ping(_) | Packet::Pong(_), _) => {
            return Err(Error::with_message(
                ErrorKind::Protocol,
                "the heartbeat goes the other way",
            ));
        }
        (Packet::Open(_) | Packet::Upgrade | Packet::Noop, _) => return Ok(None),
    }))
}

/// What the client gets of a frame.
#[inline]
pub(super) fn sent(frame: Frame) -> Packet {
    match frame {
        Frame::Message(message) => Packet::Message(message),
        Frame::Ping(payload) => Packet::Ping(Text::from_utf8(payload).unwrap_or_default()),
        Frame::Pong(payload) => Packet::Pong(Text::from_utf8(payload).unwrap_or_default()),
        Frame::Close(_) => Packet::Close,
        _ => Packet::Noop,
    }
}

/// A packet that closes gives no reason.
pub(super) const CLOSED_BY_CLIENT: Close =
    Close { code: CloseCode::NO_STATUS, reason: Text::from_static("") };
