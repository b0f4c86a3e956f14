//! Engine.IO 4 by long-polling: one connection on which a request always waits, one that posts.

use std::io::Write;
use std::rc::Rc;

use serde::Deserialize;

use super::engineio::{self, PONG, Packet};
use super::http::{self, Response};
use crate::load::options::Options;
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let script = Rc::new(Script {
        host: options.address.to_string(),
        target: engineio::target(options, "polling"),
        message: format!("4{payload}"),
    });
    Box::new(move || {
        Box::new(Polling {
            script: Rc::clone(&script),
            target: script.target.clone(),
            max_payload: 0,
            state: State::Opening,
            posting: false,
            messages: 0,
            pong: false,
        })
    })
}

/// What all sessions send and expect.
struct Script {
    host: String,
    target: String,
    message: String,
}

struct Polling {
    script: Rc<Script>,
    /// Where this session is reached.
    target: String,
    /// The longest body that the server takes, in bytes.
    max_payload: usize,
    state: State,
    /// A request that posts is not yet answered.
    posting: bool,
    /// Messages to post.
    messages: u64,
    /// A ping is to be answered.
    pong: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Opening,
    Open,
    /// The close is to be posted.
    Closing,
    /// The close is posted.
    CloseSent,
}

/// What the server says at the start, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handshake {
    sid: String,
    max_payload: usize,
}

impl Polling {
    fn poll(&self, lanes: &mut Lanes) {
        let (target, host) = (&self.target, &self.script.host);
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        lanes.output(RECEIVE).extend_from_slice(request.as_bytes());
    }

    fn polled(&mut self, response: Response<'_>, lanes: &mut Lanes) -> Result<(), String> {
        if matches!(self.state, State::Closing | State::CloseSent) {
            return Ok(());
        }
        if response.status != 200 {
            return Err(format!("the server refuses to be polled: {}", response.status));
        }
        for packet in response.body.split(|byte| *byte == SEPARATOR) {
            self.packet(Packet::read(packet)?, lanes)?;
        }
        self.poll(lanes);
        Ok(())
    }

    fn packet(&mut self, packet: Packet<'_>, lanes: &mut Lanes) -> Result<(), String> {
        match packet {
            Packet::Message(message) if message == &self.script.message.as_bytes()[1..] => {
                lanes.message();
            }
            Packet::Message(_) => return Err("not the message that was sent".to_owned()),
            Packet::Noop => {}
            Packet::Open(handshake) => {
                let handshake: Handshake =
                    serde_json::from_slice(handshake).map_err(|error| error.to_string())?;
                self.target = format!("{}&sid={}", self.script.target, handshake.sid);
                self.max_payload = handshake.max_payload;
                self.state = State::Open;
                lanes.ready();
            }
            Packet::Ping => {
                self.pong = true;
                self.post(lanes);
            }
            Packet::Close => return Err("the server closes".to_owned()),
        }
        Ok(())
    }

    fn posted(&mut self, response: Response<'_>, lanes: &mut Lanes) -> Result<(), String> {
        if response.status != 200 {
            return Err(format!("the server refuses a post: {}", response.status));
        }
        self.posting = false;
        if self.state == State::CloseSent {
            lanes.closed();
        } else {
            self.post(lanes);
        }
        Ok(())
    }

    /// Posts what there is to say, one request at a time.
    fn post(&mut self, lanes: &mut Lanes) {
        if self.posting {
            return;
        }
        if self.state == State::Closing {
            self.state = State::CloseSent;
            self.write_post(CLOSE, 1, lanes);
        } else if std::mem::take(&mut self.pong) {
            self.write_post(PONG, 1, lanes);
        } else if self.messages > 0 {
            let script = Rc::clone(&self.script);
            let room = (self.max_payload + 1) / (script.message.len() + 1);
            let count = self.messages.min(room.max(1) as u64);
            self.messages -= count;
            self.write_post(&script.message, count, lanes);
        }
    }

    fn write_post(&mut self, packet: &str, count: u64, lanes: &mut Lanes) {
        self.posting = true;
        let output = lanes.output(SEND);
        let (target, host) = (&self.target, &self.script.host);
        let length = (packet.len() as u64 + 1) * count - 1;
        write!(
            output,
            "POST {target} HTTP/1.1\r\n\
             Host: {host}\r\n\
             Content-Type: text/plain;charset=UTF-8\r\n\
             Content-Length: {length}\r\n\r\n"
        )
        .expect("a vector takes everything");
        for index in 0..count {
            if index > 0 {
                output.push(SEPARATOR);
            }
            output.extend_from_slice(packet.as_bytes());
        }
    }
}

impl Protocol for Polling {
    fn open(&mut self, lanes: &mut Lanes) {
        self.poll(lanes);
    }

    fn received(&mut self, lane: usize, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String> {
        let mut taken = 0;
        while let Some((response, length)) = http::response(&bytes[taken..])? {
            match lane {
                RECEIVE => self.polled(response, lanes)?,
                _ => self.posted(response, lanes)?,
            }
            taken += length;
        }
        Ok(taken)
    }

    fn send(&mut self, count: u64, lanes: &mut Lanes) {
        self.messages += count;
        self.post(lanes);
    }

    /// A connection that has nothing to do may be closed; the next request opens another.
    fn ended(&mut self, lane: usize, lanes: &mut Lanes) -> Result<(), String> {
        match self.state {
            State::CloseSent if lane == SEND => lanes.closed(),
            State::Closing | State::CloseSent => {}
            State::Open if lane == SEND && !self.posting => {}
            State::Opening | State::Open => return Err("the server hangs up".to_owned()),
        }
        Ok(())
    }

    fn close(&mut self, lanes: &mut Lanes) {
        self.state = State::Closing;
        self.post(lanes);
    }
}

const RECEIVE: usize = 0;
const SEND: usize = 1;

/// What is posted to end the session.
const CLOSE: &str = "1";

/// Stands between packets.
const SEPARATOR: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddrV4};

    use super::*;
    use crate::load::options::Mode;

    #[test]
    fn what_waits_for_an_answer_is_posted_together() {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 80);
        let mut session = sessions(&Options::new(Mode::Echo, address), "ahoy")();
        let mut lanes = Lanes::default();
        session.open(&mut lanes);
        let handshake = response(r#"0{"sid":"x","maxPayload":1000}"#);
        assert_eq!(session.received(RECEIVE, &handshake, &mut lanes), Ok(handshake.len()));
        assert!(lanes.take_ready());

        session.send(1, &mut lanes);
        assert_eq!(posted(&mut lanes), "4ahoy");
        session.send(1, &mut lanes);
        session.send(1, &mut lanes);
        assert_eq!(posted(&mut lanes), "");
        session.received(SEND, &response("ok"), &mut lanes).unwrap();
        assert_eq!(posted(&mut lanes), "4ahoy\u{1e}4ahoy");
    }

    fn response(body: &str) -> Vec<u8> {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    /// The body of what was written to be sent.
    fn posted(lanes: &mut Lanes) -> String {
        let bytes = String::from_utf8(std::mem::take(lanes.output(SEND))).unwrap();
        bytes.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }
}
