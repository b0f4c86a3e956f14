//! The protocols, one file each. To add one: its file, its name here and in `help.txt`.

mod engineio;
mod engineio_polling;
mod http;
mod primus;
mod sockjs;
mod sockjs_xhr;
mod websocket;
mod websocket_frame;

use std::fmt;
use std::str::FromStr;

use super::options::{Mode, Options};
use super::protocol::Protocol;

/// What the load can speak.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Protocols {
    /// Engine.IO 4 by long-polling.
    EngineIoPolling,
    /// Engine.IO 4 over WebSocket from the start.
    EngineIoWebSocket,
    /// Primus with JSON, over WebSocket.
    PrimusWebSocket,
    /// SockJS over WebSocket.
    SockJsWebSocket,
    /// SockJS over `xhr_streaming` and `xhr_send`.
    SockJsXhr,
    /// Text messages over WebSocket.
    WebSocket,
}

impl Protocols {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::WebSocket,
        Self::EngineIoWebSocket,
        Self::EngineIoPolling,
        Self::SockJsWebSocket,
        Self::SockJsXhr,
        Self::PrimusWebSocket,
    ];

    /// The name on the command line and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::EngineIoPolling => "engineio-polling",
            Self::EngineIoWebSocket => "engineio-ws",
            Self::PrimusWebSocket => "primus-ws",
            Self::SockJsWebSocket => "sockjs-ws",
            Self::SockJsXhr => "sockjs-xhr",
            Self::WebSocket => "websocket",
        }
    }

    /// Whether it is Engine.IO, however it travels.
    pub fn is_engine_io(self) -> bool {
        matches!(self, Self::EngineIoPolling | Self::EngineIoWebSocket)
    }

    /// Whether it is SockJS, however it travels.
    pub fn is_sockjs(self) -> bool {
        matches!(self, Self::SockJsWebSocket | Self::SockJsXhr)
    }

    /// How many TCP connections a session may need.
    pub fn connections(self) -> usize {
        match self {
            Self::EngineIoPolling | Self::SockJsXhr => 2,
            Self::EngineIoWebSocket
            | Self::PrimusWebSocket
            | Self::SockJsWebSocket
            | Self::WebSocket => 1,
        }
    }

    /// Whether servers pass on to everybody what one connection says.
    pub fn fans_out(self) -> bool {
        matches!(self, Self::PrimusWebSocket | Self::WebSocket)
    }

    /// Prepares what all sessions of a run share, and returns what makes one session after the
    /// other.
    pub(super) fn sessions(options: &Options) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
        let payload = payload(options.size, options.mode);
        match options.protocol {
            Self::EngineIoPolling => engineio_polling::sessions(options, &payload),
            Self::EngineIoWebSocket => engineio::sessions(options, &payload),
            Self::PrimusWebSocket => primus::sessions(options, &payload),
            Self::SockJsWebSocket => sockjs::sessions(options, &payload),
            Self::SockJsXhr => sockjs_xhr::sessions(options, &payload),
            Self::WebSocket => websocket::sessions(options, &payload),
        }
    }
}

impl fmt::Display for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Protocols {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let names = || Self::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
        Self::ALL
            .iter()
            .copied()
            .find(|protocol| protocol.name() == word)
            .ok_or_else(|| format!("the protocols are {}", names()))
    }
}

/// The text of every message. What a server is to pass on to everybody starts with `B`.
fn payload(size: usize, mode: Mode) -> String {
    let first = if mode == Mode::Broadcast { 'B' } else { 'e' };
    let rest = ('a'..='z').chain('0'..='9').cycle().step_by(7);
    std::iter::once(first).chain(rest).take(size).collect()
}
