//! Primus with JSON: sessions over WebSocket.

use super::http;
use super::websocket::{self, Content};
use crate::load::options::Options;
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let path = options.path.as_deref().unwrap_or("/primus");
    let request = http::upgrade_request(options.address, path);
    // The letters and digits of the payload are the same in JSON.
    let message = format!("\"{payload}\"");
    let content = Values { expected: message.clone().into_bytes() };
    websocket::sessions_with(move || request.clone(), &message, content)
}

struct Values {
    /// A message as JSON.
    expected: Vec<u8>,
}

impl Content for Values {
    fn opened(&self, lanes: &mut Lanes) {
        lanes.ready();
    }

    fn received(&self, text: &[u8], lanes: &mut Lanes) -> Result<(), String> {
        if text == self.expected {
            lanes.message();
        } else if let Some(time) = ping(text) {
            websocket::write_text(&format!("\"primus::pong::{time}\""), lanes);
        } else {
            return Err("not the message that was sent".to_owned());
        }
        Ok(())
    }
}

/// The time in a ping.
fn ping(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok()?.strip_prefix("\"primus::ping::")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_are_answered_with_their_time() {
        let content = Values { expected: b"\"ahoy\"".to_vec() };
        let mut lanes = Lanes::default();
        assert_eq!(content.received(b"\"primus::ping::17\"", &mut lanes), Ok(()));
        let mut pong = Lanes::default();
        websocket::write_text("\"primus::pong::17\"", &mut pong);
        assert_eq!(lanes.output(0), pong.output(0));
        assert_eq!(lanes.take_messages(), 0);
    }

    #[test]
    fn other_values_are_errors() {
        let content = Values { expected: b"\"ahoy\"".to_vec() };
        let mut lanes = Lanes::default();
        assert_eq!(content.received(b"\"ahoy\"", &mut lanes), Ok(()));
        assert_eq!(lanes.take_messages(), 1);
        for text in ["\"ahoi\"", "ahoy", "\"primus::server::close\"", "\"primus::ping::17"] {
            assert!(content.received(text.as_bytes(), &mut lanes).is_err(), "{text}");
        }
    }
}
