//! One session: its protocol, its connections, and how far it has come.

use super::protocol::{LANES, Lanes, Protocol};
use super::socket::Socket;

/// How far a session has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Closed,
    Closing,
    Opening,
    Ready,
}

/// A session of the fleet.
pub(super) struct Session {
    pub(super) state: State,
    pub(super) protocol: Box<dyn Protocol>,
    pub(super) lanes: Lanes,
    pub(super) sockets: [Option<Socket>; LANES],
}

impl Session {
    /// A session whose opening words are written but not sent.
    pub(super) fn open(mut protocol: Box<dyn Protocol>) -> Self {
        let mut lanes = Lanes::default();
        protocol.open(&mut lanes);
        Self { state: State::Opening, protocol, lanes, sockets: Default::default() }
    }

    pub(super) fn send(&mut self, count: u64) {
        self.protocol.send(count, &mut self.lanes);
    }

    pub(super) fn close(&mut self) {
        self.protocol.close(&mut self.lanes);
    }
}
