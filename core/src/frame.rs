//! What travels between a transport and the plugins above it.

use bytes::Bytes;

use crate::{Close, Message};

/// One unit on a [`Duplex`](crate::Duplex): a message or a control signal.
///
/// Applications see messages only; frames are for transports and plugins.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Frame {
    /// Data for the application, or from it.
    Message(Message),
    /// Asks the peer for a [`Frame::Pong`] with the same payload, of at most 125 bytes.
    Ping(Bytes),
    /// Answers a [`Frame::Ping`].
    Pong(Bytes),
    /// The last frame in its direction.
    Close(Close),
}

impl<M: Into<Message>> From<M> for Frame {
    fn from(message: M) -> Self {
        Self::Message(message.into())
    }
}
