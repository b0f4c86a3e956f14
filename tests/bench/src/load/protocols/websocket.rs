//! Text messages over WebSocket, nothing on top.

use std::rc::Rc;

use super::http;
use super::websocket_frame::{self as frame, Frame, Kind};
use crate::load::options::{Mode, Options};
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let default = if options.mode == Mode::Broadcast { "/broadcast" } else { "/" };
    let path = options.path.as_deref().unwrap_or(default);
    let mut message = Vec::new();
    frame::write(&mut message, Kind::Text, payload.as_bytes());
    let script = Rc::new(Script {
        request: http::upgrade_request(options.address, path),
        message,
        expected: payload.as_bytes().to_vec(),
    });
    Box::new(move || Box::new(WebSocket { script: Rc::clone(&script), state: State::Upgrading }))
}

/// What all sessions send and expect.
struct Script {
    request: Vec<u8>,
    message: Vec<u8>,
    expected: Vec<u8>,
}

struct WebSocket {
    script: Rc<Script>,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Upgrading,
    Open,
    Closing,
}

impl WebSocket {
    fn upgraded(&mut self, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String> {
        match http::response_head(bytes) {
            Some((101, length)) => {
                self.state = State::Open;
                lanes.ready();
                Ok(length)
            }
            Some((status, _)) => Err(format!("the server refuses the upgrade: {status}")),
            None => Ok(0),
        }
    }

    fn frame(&mut self, frame: Frame<'_>, lanes: &mut Lanes) -> Result<(), String> {
        match frame.kind {
            Kind::Text if !frame.last => return Err("a message in fragments".to_owned()),
            Kind::Text if frame.payload == self.script.expected => lanes.message(),
            Kind::Text => return Err("not the message that was sent".to_owned()),
            Kind::Ping => frame::write(lanes.output(LANE), Kind::Pong, frame.payload),
            Kind::Pong => {}
            Kind::Close if self.state == State::Closing => {}
            Kind::Close => return Err("the server closes".to_owned()),
            Kind::Binary | Kind::Continuation => {
                return Err(format!("{:?} instead of text", frame.kind));
            }
        }
        Ok(())
    }
}

impl Protocol for WebSocket {
    fn open(&mut self, lanes: &mut Lanes) {
        lanes.output(LANE).extend_from_slice(&self.script.request);
    }

    fn received(&mut self, _: usize, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String> {
        let mut taken = 0;
        if self.state == State::Upgrading {
            taken = self.upgraded(bytes, lanes)?;
            if taken == 0 {
                return Ok(0);
            }
        }
        while let Some((frame, length)) = Frame::read(&bytes[taken..])? {
            self.frame(frame, lanes)?;
            taken += length;
        }
        Ok(taken)
    }

    fn send(&mut self, count: u64, lanes: &mut Lanes) {
        for _ in 0..count {
            lanes.output(LANE).extend_from_slice(&self.script.message);
        }
    }

    fn ended(&mut self, _: usize, lanes: &mut Lanes) -> Result<(), String> {
        lanes.closed();
        match self.state {
            State::Closing => Ok(()),
            State::Upgrading | State::Open => Err("the server hangs up".to_owned()),
        }
    }

    fn close(&mut self, lanes: &mut Lanes) {
        self.state = State::Closing;
        frame::write(lanes.output(LANE), Kind::Close, &1000u16.to_be_bytes());
    }
}

const LANE: usize = 0;
