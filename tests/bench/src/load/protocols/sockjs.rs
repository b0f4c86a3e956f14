//! SockJS: its frames, and sessions over WebSocket.

use super::http;
use super::websocket::{self, Content};
use crate::load::options::Options;
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let address = options.address;
    let mut target = targets(options);
    let request = move || http::upgrade_request(address, &format!("{}/websocket", target()));
    // The letters and digits of the payload are the same in JSON.
    let content = Frames { expected: format!("\"{payload}\"").into_bytes() };
    websocket::sessions_with(request, &format!("[\"{payload}\"]"), content)
}

/// Where sessions are reached, one after the other. No two runs have the same, because a server
/// remembers a session for a while.
pub(super) fn targets(options: &Options) -> impl FnMut() -> String + 'static {
    let path = options.path.clone().unwrap_or_else(|| "/sockjs".to_owned());
    let process = std::process::id();
    let mut number = 0;
    move || {
        number += 1;
        format!("{path}/000/{process}-{number}")
    }
}

/// A frame of the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Frame {
    Heartbeat,
    /// So many messages, each of them the right one.
    Messages(usize),
    Open,
}

impl Frame {
    /// Reads a frame whose messages, if it has any, are all `expected`, which is JSON.
    pub(super) fn read(bytes: &[u8], expected: &[u8]) -> Result<Self, String> {
        match bytes {
            b"o" => Ok(Self::Open),
            // A stream begins with many.
            [b'h', rest @ ..] if rest.iter().all(|byte| *byte == b'h') => Ok(Self::Heartbeat),
            [b'a', b'[', messages @ .., b']'] => {
                // No message has a comma.
                let mut messages = messages.split(|byte| *byte == b',');
                messages
                    .try_fold(0, |count, message| (message == expected).then_some(count + 1))
                    .map(Self::Messages)
                    .ok_or_else(|| "not the message that was sent".to_owned())
            }
            [b'c', ..] => Err("the server closes".to_owned()),
            _ => Err("not a frame that a server sends".to_owned()),
        }
    }
}

struct Frames {
    /// A message as JSON.
    expected: Vec<u8>,
}

impl Content for Frames {
    fn opened(&self, _: &mut Lanes) {}

    fn received(&self, text: &[u8], lanes: &mut Lanes) -> Result<(), String> {
        match Frame::read(text, &self.expected)? {
            Frame::Heartbeat => {}
            Frame::Messages(count) => (0..count).for_each(|_| lanes.message()),
            Frame::Open => lanes.ready(),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_a_frame_is_compared() {
        let read = |text: &str| Frame::read(text.as_bytes(), b"\"ahoy\"");
        assert_eq!(read("o"), Ok(Frame::Open));
        assert_eq!(read("hhh"), Ok(Frame::Heartbeat));
        assert_eq!(read(r#"a["ahoy","ahoy"]"#), Ok(Frame::Messages(2)));
        assert!(read(r#"a["ahoy","ahoi"]"#).is_err());
        assert!(read(r#"c[3000,"Go away!"]"#).is_err());
    }
}
