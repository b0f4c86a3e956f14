use std::sync::Arc;
use std::task::{Context, Poll};

use plimsoll::session::{Place, SessionDuplex};
use plimsoll::{Duplex, Error, Frame};

use super::client::Client;
use crate::Binary;

/// A session over requests, as the endpoint sees it. Dropping it begins the time for which late
/// clients are told how it ended.
pub(super) struct Connection {
    bridge: SessionDuplex,
    binary: Binary,
    _place: Place<Arc<Client>>,
}

impl Connection {
    pub(super) fn new(bridge: SessionDuplex, binary: Binary, place: Place<Arc<Client>>) -> Self {
        Self { bridge, binary, _place: place }
    }
}

impl Duplex for Connection {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.bridge.poll_recv(cx)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.bridge.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        match &frame {
            Frame::Message(message) => self.binary.check(message)?,
            // The protocol has heartbeats of its own.
            Frame::Ping(_) | Frame::Pong(_) => return Ok(()),
            _ => {}
        }
        self.bridge.start_send(frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.bridge.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.bridge.poll_close(cx)
    }
}
