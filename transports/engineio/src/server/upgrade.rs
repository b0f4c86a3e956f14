//! The move of a session from polling to WebSocket, without any input or output.
//!
//! ```text
//!            WebSocket            probe               upgrade
//!   Polling ----------> Opened ----------> Probed ------------> Moved
//!      ^                   |                 |
//!      +-------------------+-----------------+
//!         lost: closed, too late, or any other packet
//! ```
//!
//! Until the last step messages go by polling, and each poll is answered at once, so that the
//! client, which waits for its poll to end before it sends `upgrade`, need not wait.

use crate::codec::Packet;

/// How far the move is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Upgrade {
    Polling,
    /// There is a WebSocket, on which nothing has come yet.
    Opened,
    /// The WebSocket works in both directions.
    Probed,
    /// The WebSocket carries the session.
    Moved,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    /// A WebSocket comes for the session.
    WebSocket,
    /// A packet comes on the WebSocket that was accepted.
    Packet(&'a Packet),
    /// That WebSocket is gone, or its time is up.
    Lost,
}

/// What to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Read from the WebSocket.
    Accept,
    /// Answer the probe, and end a poll that waits.
    Answer,
    /// Close the WebSocket of the event; nothing else changes.
    Close,
    /// From now on the session is on the WebSocket.
    Move,
}

impl Upgrade {
    pub(super) fn on(&mut self, event: Event<'_>) -> Step {
        let (next, step) = match (*self, event) {
            (Self::Polling, Event::WebSocket) => (Self::Opened, Step::Accept),
            // A second one, or one that comes late.
            (state, Event::WebSocket) => (state, Step::Close),
            (Self::Opened | Self::Probed, Event::Packet(Packet::Ping(text)))
                if *text == Packet::PROBE =>
            {
                (Self::Probed, Step::Answer)
            }
            (Self::Probed, Event::Packet(Packet::Upgrade)) => (Self::Moved, Step::Move),
            (Self::Moved, Event::Packet(_) | Event::Lost) => (Self::Moved, Step::Close),
            (_, Event::Packet(_) | Event::Lost) => (Self::Polling, Step::Close),
        };
        *self = next;
        step
    }

    /// Whether polls end at once.
    pub(super) fn ends_polls(self) -> bool {
        self == Self::Probed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_websocket_has_three_steps() {
        let mut upgrade = Upgrade::Polling;
        assert_eq!(upgrade.on(Event::WebSocket), Step::Accept);
        assert!(!upgrade.ends_polls());
        let probe = Packet::Ping(Packet::PROBE);
        assert_eq!(upgrade.on(Event::Packet(&probe)), Step::Answer);
        assert_eq!(upgrade.on(Event::Packet(&probe)), Step::Answer, "again");
        assert!(upgrade.ends_polls());
        assert_eq!(upgrade.on(Event::WebSocket), Step::Close, "a second one");
        assert!(upgrade.ends_polls());
        assert_eq!(upgrade.on(Event::Packet(&Packet::Upgrade)), Step::Move);
        assert!(!upgrade.ends_polls());
    }

    #[test]
    fn whatever_else_comes_first_leaves_the_session_where_it_is() {
        let wrong = [
            Packet::Upgrade,
            Packet::Noop,
            Packet::Close,
            Packet::Ping("".into()),
            Packet::Pong(Packet::PROBE),
            Packet::Message("early".into()),
        ];
        for packet in &wrong {
            let mut upgrade = Upgrade::Polling;
            upgrade.on(Event::WebSocket);
            assert_eq!(upgrade.on(Event::Packet(packet)), Step::Close, "{packet:?}");
            assert_eq!(upgrade, Upgrade::Polling);
        }
        for packet in &wrong[1..] {
            let mut upgrade = Upgrade::Probed;
            assert_eq!(upgrade.on(Event::Packet(packet)), Step::Close, "{packet:?}");
            assert_eq!(upgrade.on(Event::WebSocket), Step::Accept, "and another may try");
        }
    }

    #[test]
    fn a_session_that_has_moved_stays() {
        let mut upgrade = Upgrade::Moved;
        for event in [Event::WebSocket, Event::Packet(&Packet::Upgrade), Event::Lost] {
            assert_eq!(upgrade.on(event), Step::Close);
            assert_eq!(upgrade, Upgrade::Moved);
        }
    }

    #[test]
    fn a_websocket_that_is_lost_may_be_replaced() {
        for mut upgrade in [Upgrade::Opened, Upgrade::Probed] {
            assert_eq!(upgrade.on(Event::Lost), Step::Close);
            assert_eq!(upgrade.on(Event::WebSocket), Step::Accept);
        }
    }
}
