use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Duplex, Error, ErrorKind, Frame};

use super::outbox::Outbox;
use super::path::Received;
use super::silence::Silence;
use crate::Binary;
use crate::codec::client_payload;

/// A session over a WebSocket.
pub(super) struct WebSocket {
    io: BoxDuplex,
    /// Something was sent that is not flushed.
    dirty: bool,
}

impl WebSocket {
    pub(super) fn new(io: BoxDuplex) -> Self {
        Self { io, dirty: false }
    }

    /// What comes next; `None` after the end.
    pub(super) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Silence,
    ) -> Poll<Option<Result<Received, Error>>> {
        loop {
            let frame = match ready!(self.io.poll_recv(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            silence.end();
            return Poll::Ready(Some(match frame {
                Frame::Message(message) => match message.into_text() {
                    Ok(frame) if frame.is_empty() => continue,
                    Ok(frame) => Ok(Received::Frame(frame)),
                    Err(_) => {
                        let message = "the server sent binary data";
                        Err(Error::with_message(ErrorKind::Protocol, message))
                    }
                },
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
        binary: Binary,
    ) -> Poll<Result<(), Error>> {
        while !outbox.is_empty() {
            ready!(self.io.poll_ready(cx))?;
            self.dirty = true;
            self.io.start_send(client_payload(&outbox.batch(), binary)?.into())?;
        }
        if outbox.has_close() {
            ready!(self.io.poll_ready(cx))?;
            if let Some(close) = outbox.take_close() {
                self.dirty = true;
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
