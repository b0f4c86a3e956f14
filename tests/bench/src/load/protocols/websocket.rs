//! Text messages over WebSocket, and what other protocols share that travel in its text frames.

use std::rc::Rc;

use super::http;
use super::websocket_frame::{self as frame, Frame, Kind};
use crate::load::options::{Mode, Options};
use crate::load::protocol::{Lanes, Protocol};

pub(super) fn sessions(options: &Options, payload: &str) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let default = if options.mode == Mode::Broadcast { "/broadcast" } else { "/" };
    let path = options.path.as_deref().unwrap_or(default);
    let request = http::upgrade_request(options.address, path);
    let content = Plain { expected: payload.as_bytes().to_vec() };
    sessions_with(move || request.clone(), payload, content)
}

/// Sessions that each send what `request` returns, then `message` as often as they are told.
pub(super) fn sessions_with(
    mut request: impl FnMut() -> Vec<u8> + 'static,
    message: &str,
    content: impl Content + 'static,
) -> Box<dyn FnMut() -> Box<dyn Protocol>> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, Kind::Text, message.as_bytes());
    let script = Rc::new(Script { message: bytes, content });
    Box::new(move || {
        let (script, state) = (Rc::clone(&script), State::Upgrading);
        Box::new(WebSocket { request: request(), script, state })
    })
}

/// What the text frames carry.
pub(super) trait Content {
    /// The WebSocket is open.
    fn opened(&self, lanes: &mut Lanes);

    /// Understands a text frame of the server.
    fn received(&self, text: &[u8], lanes: &mut Lanes) -> Result<(), String>;
}

/// Writes a text frame to the server.
pub(super) fn write_text(text: &str, lanes: &mut Lanes) {
    frame::write(lanes.output(LANE), Kind::Text, text.as_bytes());
}

/// Nothing but the messages.
struct Plain {
    expected: Vec<u8>,
}

impl Content for Plain {
    fn opened(&self, lanes: &mut Lanes) {
        lanes.ready();
    }

    fn received(&self, text: &[u8], lanes: &mut Lanes) -> Result<(), String> {
        if text != self.expected {
            return Err("not the message that was sent".to_owned());
        }
        lanes.message();
        Ok(())
    }
}

/// What all sessions send and expect.
struct Script<C> {
    message: Vec<u8>,
    content: C,
}

struct WebSocket<C> {
    request: Vec<u8>,
    script: Rc<Script<C>>,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Upgrading,
    Open,
    Closing,
}

impl<C: Content> WebSocket<C> {
    fn upgraded(&mut self, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String> {
        match http::response_head(bytes) {
            Some((101, length)) => {
                self.state = State::Open;
                self.script.content.opened(lanes);
                Ok(length)
            }
            Some((status, _)) => Err(format!("the server refuses the upgrade: {status}")),
            None => Ok(0),
        }
    }

    fn frame(&mut self, frame: Frame<'_>, lanes: &mut Lanes) -> Result<(), String> {
        match frame.kind {
            Kind::Text if !frame.last => return Err("a message in fragments".to_owned()),
            Kind::Text => self.script.content.received(frame.payload, lanes)?,
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

impl<C: Content> Protocol for WebSocket<C> {
    fn open(&mut self, lanes: &mut Lanes) {
        lanes.output(LANE).append(&mut self.request);
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
