//! Packets over a WebSocket.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Close, Duplex, Error, ErrorKind, Frame};

use super::outbox::Outbox;
use crate::codec::{Dialect, Packet, Version};

/// Packets over a WebSocket.
pub(super) struct WebSocket {
    io: BoxDuplex,
    /// Something was sent that is not flushed.
    dirty: bool,
}

/// What comes from a server.
#[derive(Debug)]
pub(super) enum Received {
    Close(Close),
    Packet(Packet),
}

impl WebSocket {
    pub(super) fn new(io: BoxDuplex) -> Self {
        Self { io, dirty: false }
    }

    /// What comes next; `None` after the end.
    pub(super) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Received, Error>>> {
        loop {
            let frame = match ready!(self.io.poll_recv(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            return Poll::Ready(Some(match frame {
                Frame::Message(message) => {
                    Packet::from_websocket(message, Version::V4).map(Received::Packet)
                }
                Frame::Close(close) => Ok(Received::Close(close)),
                // The WebSocket has answered it.
                Frame::Ping(_) | Frame::Pong(_) => continue,
                _ => Err(ErrorKind::Unsupported.into()),
            }));
        }
    }

    /// Sends all that waits, and flushes.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
    ) -> Poll<Result<(), Error>> {
        while !outbox.is_empty() {
            ready!(self.io.poll_ready(cx))?;
            self.dirty = true;
            if let Some(packet) = outbox.pop() {
                self.io.start_send(packet.to_websocket(Dialect::V4).into())?;
            } else if let Some(close) = outbox.take_close() {
                self.io.start_send(Frame::Close(close))?;
            }
        }
        if self.dirty {
            ready!(self.io.poll_flush(cx))?;
            self.dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_close(cx)
    }
}
