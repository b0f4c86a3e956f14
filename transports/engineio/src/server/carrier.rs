//! What carries the frames of a session: requests, or a WebSocket.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use plimsoll::session::SessionDuplex;
use plimsoll::{Duplex, Error, ErrorKind, Frame};

use super::probe::Probe;
use super::wire::Wire;
use crate::codec::{Version, can_poll};

pub(super) enum Carrier {
    Polling {
        bridge: SessionDuplex,
        /// A WebSocket to which the session may move.
        probe: Option<Box<Probe>>,
    },
    WebSocket {
        wire: Wire,
        /// What came by polling and is still to be read.
        unread: VecDeque<Frame>,
        /// What no poll has taken.
        unsent: VecDeque<Frame>,
    },
}

impl Carrier {
    pub(super) fn polling(bridge: SessionDuplex) -> Self {
        Self::Polling { bridge, probe: None }
    }

    pub(super) fn websocket(wire: Wire) -> Self {
        Self::WebSocket { wire, unread: VecDeque::new(), unsent: VecDeque::new() }
    }

    /// Goes on over a WebSocket with what is left on both sides.
    pub(super) fn move_to(&mut self, wire: Wire, cx: &mut Context<'_>) {
        let Self::Polling { bridge, .. } = self else { return };
        let unsent = bridge.take_unsent();
        let mut unread = VecDeque::new();
        while let Poll::Ready(Some(Ok(frame))) = bridge.poll_recv(cx) {
            unread.push_back(frame);
        }
        *self = Self::WebSocket { wire, unread, unsent };
    }

    #[inline]
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        match self {
            Self::Polling { bridge, .. } => bridge.poll_recv(cx),
            Self::WebSocket { wire, unread, .. } => {
                if let Some(frame) = unread.pop_front() {
                    if unread.is_empty() {
                        *unread = VecDeque::new();
                    }
                    return Poll::Ready(Some(Ok(frame)));
                }
                wire.poll_frame(cx)
            }
        }
    }

    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Polling { bridge, .. } => bridge.poll_ready(cx),
            Self::WebSocket { wire, unsent, .. } => {
                if !unsent.is_empty() {
                    ready!(poll_send_all(wire, unsent, cx))?;
                }
                wire.poll_ready(cx)
            }
        }
    }

    #[inline]
    pub(super) fn start_send(&mut self, frame: Frame, version: Version) -> Result<(), Error> {
        match self {
            Self::Polling { bridge, .. } => {
                if let Frame::Message(message) = &frame
                    && !can_poll(message.as_bytes(), message.is_binary(), version)
                {
                    let message = "text with U+001E cannot travel by polling";
                    return Err(Error::with_message(ErrorKind::Unsupported, message));
                }
                bridge.start_send(frame)
            }
            Self::WebSocket { wire, .. } => wire.start_send(frame),
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Polling { bridge, .. } => bridge.poll_flush(cx),
            Self::WebSocket { wire, unsent, .. } => {
                if !unsent.is_empty() {
                    ready!(poll_send_all(wire, unsent, cx))?;
                }
                wire.poll_flush(cx)
            }
        }
    }

    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Polling { bridge, .. } => bridge.poll_close(cx),
            Self::WebSocket { wire, unsent, .. } => {
                if !unsent.is_empty() {
                    ready!(poll_send_all(wire, unsent, cx))?;
                }
                wire.poll_close(cx)
            }
        }
    }

    /// Ready once a client that polls has taken all that was sent, or has moved and gets the rest
    /// over the WebSocket.
    pub(super) fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self::Polling { bridge, .. } = self else { return Poll::Ready(()) };
        bridge.poll_taken(cx)
    }

    /// Whether a client that polls has ended the session, or has broken its rules.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::Polling { bridge, .. } if bridge.session().close_reason().is_some())
    }

    /// Whether something waits for a poll.
    pub(super) fn has_unsent(&self) -> bool {
        matches!(self, Self::Polling { bridge, .. } if bridge.has_unsent())
    }
}

/// Sends what no poll has taken.
fn poll_send_all(
    wire: &mut Wire,
    unsent: &mut VecDeque<Frame>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Error>> {
    while !unsent.is_empty() {
        ready!(wire.poll_ready(cx))?;
        if let Some(frame) = unsent.pop_front() {
            wire.start_send(frame)?;
        }
    }
    *unsent = VecDeque::new();
    Poll::Ready(Ok(()))
}
