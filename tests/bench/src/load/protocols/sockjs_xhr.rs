//! SockJS over requests: one connection that streams, one that sends.

use std::io::Write;
use std::rc::Rc;

use super::http;
use super::sockjs::{self, Frame};
use crate::load::options::Options;
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let script =
        Rc::new(Script { host: options.address.to_string(), message: format!("\"{payload}\"") });
    let mut target = sockjs::targets(options);
    Box::new(move || {
        Box::new(Xhr {
            script: Rc::clone(&script),
            target: target(),
            state: State::Opening,
            streaming: false,
            received: Vec::new(),
            sending: false,
            messages: 0,
        })
    })
}

/// What all sessions send and expect.
struct Script {
    host: String,
    message: String,
}

struct Xhr {
    script: Rc<Script>,
    /// Where this session is reached.
    target: String,
    state: State,
    /// The head of the response that streams has arrived.
    streaming: bool,
    /// The start of a frame of which the rest has not arrived.
    received: Vec<u8>,
    /// A request that sends is not yet answered.
    sending: bool,
    /// Messages to send.
    messages: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Opening,
    Open,
    Closed,
}

impl Xhr {
    fn stream(&self, lanes: &mut Lanes) {
        self.post(RECEIVE, "xhr_streaming", 0, lanes);
    }

    /// Understands the head of the response that streams, or a chunk of it.
    fn streamed(&mut self, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String> {
        if !self.streaming {
            return match http::response_head(bytes) {
                Some((200, length)) => {
                    self.streaming = true;
                    Ok(length)
                }
                Some((status, _)) => Err(format!("the server refuses to stream: {status}")),
                None => Ok(0),
            };
        }
        let Some((chunk, length)) = http::chunk(bytes)? else { return Ok(0) };
        if chunk.is_empty() {
            self.streaming = false;
            self.stream(lanes);
        }
        self.received.extend_from_slice(chunk);
        let mut taken = 0;
        while let Some(end) = self.received[taken..].iter().position(|byte| *byte == b'\n') {
            let frame = taken..taken + end;
            taken = frame.end + 1;
            self.state = match Frame::read(&self.received[frame], self.script.message.as_bytes())? {
                Frame::Heartbeat => self.state,
                Frame::Messages(count) => {
                    (0..count).for_each(|_| lanes.message());
                    self.state
                }
                Frame::Open => {
                    lanes.ready();
                    State::Open
                }
            };
        }
        self.received.drain(..taken);
        Ok(length)
    }

    fn sent(&mut self, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String> {
        match http::response_head(bytes) {
            Some((204, length)) => {
                self.sending = false;
                self.write(lanes);
                Ok(length)
            }
            Some((status, _)) => Err(format!("the server refuses a message: {status}")),
            None => Ok(0),
        }
    }

    /// Sends all messages that there are, one request at a time.
    fn write(&mut self, lanes: &mut Lanes) {
        let count = self.messages as usize;
        if self.sending || count == 0 {
            return;
        }
        (self.sending, self.messages) = (true, 0);
        let message = self.script.message.as_bytes();
        self.post(SEND, "xhr_send", (message.len() + 1) * count + 1, lanes);
        let output = lanes.output(SEND);
        output.push(b'[');
        for index in 0..count {
            if index > 0 {
                output.push(b',');
            }
            output.extend_from_slice(message);
        }
        output.push(b']');
    }

    fn post(&self, lane: usize, what: &str, length: usize, lanes: &mut Lanes) {
        let (target, host) = (&self.target, &self.script.host);
        write!(
            lanes.output(lane),
            "POST {target}/{what} HTTP/1.1\r\n\
             Host: {host}\r\n\
             Content-Type: text/plain\r\n\
             Content-Length: {length}\r\n\r\n"
        )
        .expect("a vector takes everything");
    }
}

impl Protocol for Xhr {
    fn open(&mut self, lanes: &mut Lanes) {
        self.stream(lanes);
    }

    fn received(&mut self, lane: usize, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String> {
        let mut taken = 0;
        loop {
            let length = match lane {
                RECEIVE => self.streamed(&bytes[taken..], lanes)?,
                _ => self.sent(&bytes[taken..], lanes)?,
            };
            if length == 0 {
                return Ok(taken);
            }
            taken += length;
        }
    }

    fn send(&mut self, count: u64, lanes: &mut Lanes) {
        self.messages += count;
        self.write(lanes);
    }

    /// A connection that has nothing to do may be closed; the next request opens another.
    fn ended(&mut self, lane: usize, _: &mut Lanes) -> Result<(), String> {
        match self.state {
            State::Closed => Ok(()),
            State::Open if lane == SEND && !self.sending => Ok(()),
            State::Opening | State::Open => Err("the server hangs up".to_owned()),
        }
    }

    /// A client has no words for this: it breaks off the request that streams.
    fn close(&mut self, lanes: &mut Lanes) {
        self.state = State::Closed;
        lanes.closed();
    }
}

const RECEIVE: usize = 0;
const SEND: usize = 1;
