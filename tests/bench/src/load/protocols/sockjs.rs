//! SockJS over WebSocket.

use super::http;
use super::websocket::{self, Content};
use crate::load::options::Options;
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let address = options.address;
    let path = options.path.clone().unwrap_or_else(|| "/sockjs".to_owned());
    let mut number = 0;
    let request = move || {
        number += 1;
        http::upgrade_request(address, &format!("{path}/000/{number:08}/websocket"))
    };
    // The letters and digits of the payload are the same in JSON.
    let content = Frames { expected: format!("\"{payload}\"").into_bytes() };
    websocket::sessions_with(request, &format!("[\"{payload}\"]"), content)
}

struct Frames {
    /// A message as JSON.
    expected: Vec<u8>,
}

impl Content for Frames {
    fn opened(&self, _: &mut Lanes) {}

    fn received(&self, text: &[u8], lanes: &mut Lanes) -> Result<(), String> {
        match text {
            b"o" => lanes.ready(),
            b"h" => {}
            [b'a', b'[', messages @ .., b']'] => {
                // No message has a comma.
                for message in messages.split(|byte| *byte == b',') {
                    if message != self.expected {
                        return Err("not the message that was sent".to_owned());
                    }
                    lanes.message();
                }
            }
            [b'c', ..] => return Err("the server closes".to_owned()),
            _ => return Err("not a frame that a server sends".to_owned()),
        }
        Ok(())
    }
}
