//! Packets over a WebSocket.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Duplex, Error, Frame};

use super::frames;
use crate::codec::{Dialect, Packet};

/// A WebSocket that carries packets.
pub(super) struct Wire {
    io: BoxDuplex,
    dialect: Dialect,
}

impl Wire {
    pub(super) fn new(io: BoxDuplex, dialect: Dialect) -> Self {
        Self { io, dialect }
    }

    /// The next frame for the endpoint.
    #[inline]
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, Error>>> {
        let version = self.dialect.version;
        loop {
            let mut received = ready!(self.io.poll_recv(cx));
            if let Some(Ok(Frame::Message(message))) = &mut received
                && message.strip_prefix(Packet::TEXT_MESSAGE)
            {
                // Nearly all of them come so, and are not moved.
                return Poll::Ready(received);
            }
            let frame = match received {
                Some(Ok(Frame::Message(message))) => {
                    frames::received(Packet::from_websocket(message, version)?, version)?
                }
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return Poll::Ready(received),
                // The WebSocket's own, which it answers itself.
                Some(Ok(_)) => None,
            };
            if let Some(frame) = frame {
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }

    /// The next packet; `None` if none can come any more.
    pub(super) fn poll_packet(&mut self, cx: &mut Context<'_>) -> Poll<Option<Packet>> {
        loop {
            match ready!(self.io.poll_recv(cx)) {
                Some(Ok(Frame::Message(message))) => {
                    return Poll::Ready(Packet::from_websocket(message, self.dialect.version).ok());
                }
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return Poll::Ready(None),
                // The WebSocket's own, which it answers itself.
                Some(Ok(_)) => {}
            }
        }
    }

    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_ready(cx)
    }

    /// A close becomes the WebSocket's own, which tells why.
    #[inline]
    pub(super) fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        if let Frame::Message(message) = &frame
            && let Some(text) = message.as_text()
        {
            return self.io.start_send_text(&[Packet::TEXT_MESSAGE, text]);
        }
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
