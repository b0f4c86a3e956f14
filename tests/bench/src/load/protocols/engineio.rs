//! Engine.IO 4: its packets, and sessions over WebSocket from the start.

use super::http;
use super::websocket::{self, Content};
use crate::load::options::Options;
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let target = target(options, "websocket");
    let request = http::upgrade_request(options.address, &target);
    let message = format!("4{payload}");
    let content = Packets { expected: payload.as_bytes().to_vec() };
    websocket::sessions_with(move || request.clone(), &message, content)
}

/// Where a session begins.
pub(super) fn target(options: &Options, transport: &str) -> String {
    let path = options.path.as_deref().unwrap_or("/engine.io/");
    format!("{path}?EIO=4&transport={transport}")
}

/// A packet of the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packet<'a> {
    Close,
    Message(&'a [u8]),
    Noop,
    Open(&'a [u8]),
    Ping,
}

impl<'a> Packet<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        match bytes {
            [b'0', handshake @ ..] => Ok(Self::Open(handshake)),
            [b'1'] => Ok(Self::Close),
            [b'2'] => Ok(Self::Ping),
            [b'4', message @ ..] => Ok(Self::Message(message)),
            [b'6'] => Ok(Self::Noop),
            _ => Err("not a packet that a server sends".to_owned()),
        }
    }
}

/// The answer to a ping.
pub(super) const PONG: &str = "3";

struct Packets {
    expected: Vec<u8>,
}

impl Content for Packets {
    fn opened(&self, _: &mut Lanes) {}

    fn received(&self, text: &[u8], lanes: &mut Lanes) -> Result<(), String> {
        match Packet::read(text)? {
            Packet::Message(message) if message == self.expected => lanes.message(),
            Packet::Message(_) => return Err("not the message that was sent".to_owned()),
            Packet::Noop => {}
            Packet::Open(_) => lanes.ready(),
            Packet::Ping => websocket::write_text(PONG, lanes),
            Packet::Close => return Err("the server closes".to_owned()),
        }
        Ok(())
    }
}
