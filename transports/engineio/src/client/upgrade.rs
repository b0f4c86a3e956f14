//! The move from polling to a WebSocket, without input or output.

use crate::codec::Packet;

/// How far the move of a session is.
///
/// Until it has moved, the session lives on polling, and the WebSocket may be lost without any
/// harm. It moves only while no request is under way: so nothing is lost, doubled or overtaken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Upgrade {
    /// The WebSocket is not open yet.
    Opening,
    /// The server has been sent a ping over the WebSocket.
    Probing,
    /// The WebSocket works both ways, and the requests that are under way come to their end. The
    /// server answers the one that waits for packets.
    Pausing,
    /// What is sent from now on goes over the WebSocket.
    Moved,
    /// The session stays on polling.
    Failed,
}

/// What happens to a move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Event {
    /// The server has answered the probe.
    Answered,
    /// The WebSocket was lost, or was not ready in time, or brought what it should not.
    Lost,
    /// The WebSocket is open.
    Opened,
    /// No request is under way.
    Quiet,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    /// Drop the WebSocket.
    GiveUp,
    /// Send the packet that moves the session, then all else.
    Move,
    /// Nothing.
    Nothing,
    /// Send the ping.
    Probe,
}

impl Upgrade {
    pub(super) fn on(&mut self, event: Event) -> Action {
        let (next, action) = match (*self, event) {
            (Self::Opening, Event::Opened) => (Self::Probing, Action::Probe),
            (Self::Probing, Event::Answered) => (Self::Pausing, Action::Nothing),
            (Self::Pausing, Event::Quiet) => (Self::Moved, Action::Move),
            (state @ (Self::Opening | Self::Probing), Event::Quiet) => (state, Action::Nothing),
            (Self::Opening | Self::Probing | Self::Pausing, _) => (Self::Failed, Action::GiveUp),
            (state @ (Self::Moved | Self::Failed), _) => (state, Action::Nothing),
        };
        *self = next;
        action
    }

    /// Whether the next request for packets may be made.
    pub(super) fn may_get(self) -> bool {
        match self {
            Self::Opening | Self::Probing | Self::Failed => true,
            Self::Pausing | Self::Moved => false,
        }
    }

    /// Whether the next request with packets may be made. `getting` tells whether there is one
    /// that waits for packets: for that long there is no need to hold any back.
    pub(super) fn may_post(self, getting: bool) -> bool {
        match self {
            Self::Opening | Self::Probing | Self::Failed => true,
            Self::Pausing => getting,
            Self::Moved => false,
        }
    }
}

impl Event {
    /// What a packet on the WebSocket is before the session has moved.
    pub(super) fn received(packet: &Packet) -> Self {
        match packet {
            Packet::Pong(text) if *text == Packet::PROBE => Self::Answered,
            _ => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests;
