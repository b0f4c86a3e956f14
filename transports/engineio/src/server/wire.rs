//! Packets over a WebSocket.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Close, Duplex, Error, Frame};

use super::frames;
use crate::codec::{Dialect, Packet};

/// A WebSocket that carries packets.
pub(super) struct Wire {
    io: BoxDuplex,
    dialect: Dialect,
}

/// What comes over a [`Wire`].
pub(super) enum Received {
    Packet(Packet),
    /// The WebSocket itself closes.
    Close(Close),
}

impl Wire {
    pub(super) fn new(io: BoxDuplex, dialect: Dialect) -> Self {
        Self { io, dialect }
    }

    #[inline]
    pub(super) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Received, Error>>> {
        loop {
            let Some(frame) = ready!(self.io.poll_recv(cx)?) else { return Poll::Ready(None) };
            return Poll::Ready(Some(match frame {
                Frame::Message(message) => {
                    Packet::from_websocket(message, self.dialect.version).map(Received::Packet)
                }
                Frame::Close(close) => Ok(Received::Close(close)),
                // The WebSocket's own, which it answers itself.
                _ => continue,
            }));
        }
    }

    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_ready(cx)
    }

    /// A close becomes the WebSocket's own, which tells why.
    #[inline]
    pub(super) fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        match frame {
            Frame::Close(_) => self.io.start_send(frame),
            frame => self.start_send_packet(&frames::sent(frame)),
        }
    }

    #[inline]
    pub(super) fn start_send_packet(&mut self, packet: &Packet) -> Result<(), Error> {
        self.io.start_send(Frame::Message(packet.to_websocket(self.dialect)))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_flush(cx)
    }

    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_close(cx)
    }
}
