//! The protocols, one file each. To add one: its file, its name here, its line in `help.txt`.

mod http;
mod websocket;
mod websocket_frame;

use std::fmt;
use std::str::FromStr;

use super::options::{Mode, Options};
use super::protocol::Protocol;

/// What the load can speak.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Protocols {
    /// Text messages over WebSocket.
    WebSocket,
}

impl Protocols {
    /// Prepares what all sessions of a run share, and returns what makes one session after the
    /// other.
    pub(super) fn sessions(options: &Options) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
        let payload = payload(options.size, options.mode);
        match options.protocol {
            Self::WebSocket => websocket::sessions(options, &payload),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
        }
    }
}

impl fmt::Display for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Protocols {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::WebSocket]
            .into_iter()
            .find(|protocol| protocol.name() == word)
            .ok_or("the only protocol is websocket")
    }
}

/// The text of every message. What a server is to pass on to everybody starts with `B`.
fn payload(size: usize, mode: Mode) -> String {
    let first = if mode == Mode::Broadcast { 'B' } else { 'e' };
    let rest = ('a'..='z').chain('0'..='9').cycle().step_by(7);
    std::iter::once(first).chain(rest).take(size).collect()
}
