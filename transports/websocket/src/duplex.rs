//! An established WebSocket.

use std::io::{self, Read, Write};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use plimsoll::{Capabilities, Close, CloseCode, Duplex, Error, ErrorKind, Frame, Message};
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::Message as WireMessage;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tungstenite::protocol::{CloseFrame, Role};

use crate::io::{Io, TooManyFragments};
use crate::options::{LIBRARY_BUFFER, Options, SPARE};
use crate::protocol::Protocol;
use crate::text;

/// An established WebSocket.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    io: Io<S>,
    /// What came with the handshake. Even if it is empty it holds the HTTP server's buffer, which
    /// goes only after all that lasts has its memory: freed earlier, it leaves a gap too small
    /// for the next connection's buffer.
    early: Bytes,
    protocol: Protocol,
    state: State,
    /// Something is buffered that was not flushed.
    dirty: bool,
    /// The buffers are given back as soon as nothing is in them: the peer only gave a sign of
    /// life, or they have grown.
    spare: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Open,
    /// The peer's close was handed up: what is left is to flush the answer to it.
    Closed,
    /// There is nothing more to receive.
    Ended,
    /// The peer broke the rules: what it still sends is thrown away.
    Failed,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Connection<S> {
    /// Speaks WebSocket on `stream`, whose handshake is done. `early` is what was read from it
    /// beyond the handshake.
    pub(crate) fn new(stream: S, early: Bytes, role: Role, options: Options) -> Self {
        Self {
            io: Io::new(stream, &options),
            early,
            protocol: Protocol::new(role, options),
            state: State::Open,
            dirty: false,
            spare: false,
        }
    }

    /// Hands what is buffered to the network.
    fn poll_drain(&mut self) -> Poll<Result<(), Error>> {
        if !self.dirty {
            return Poll::Ready(Ok(()));
        }
        let was_blocked = self.io.is_blocked();
        let mut flushed = self.protocol.get().flush(&mut self.io);
        if was_blocked && flushed.is_ok() {
            // The first time there may have been no room for the answer to a ping.
            flushed = self.protocol.get().flush(&mut self.io);
        }
        match flushed {
            Ok(()) => {}
            Err(error) if would_block(&error) => return Poll::Pending,
            // The library's word for a close that both sides know of: written, but not flushed.
            Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => {
                match self.io.flush() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        return Poll::Pending;
                    }
                    // Nobody waits for more than the close.
                    Ok(()) | Err(_) => {}
                }
            }
            Err(error) => return Poll::Ready(Err(from_library(error))),
        }
        self.dirty = false;
        Poll::Ready(Ok(()))
    }

    /// Begins with what came with the handshake. Returns whether anything did.
    fn take_early(&mut self) -> bool {
        let early = std::mem::take(&mut self.early);
        if !early.is_empty() {
            self.protocol.wake(self.io.follow(&early));
        }
        !early.is_empty()
    }

    /// Waits until the peer ends the connection's rest.
    fn poll_wake(&mut self) -> Poll<Option<Result<(), Error>>> {
        if self.take_early() {
            return Poll::Ready(Some(Ok(())));
        }
        let mut first = [0; FIRST_READ];
        match self.io.read(&mut first) {
            Ok(0) => {
                self.state = State::Ended;
                Poll::Ready(None)
            }
            Ok(read) => {
                self.protocol.wake(&first[..read]);
                Poll::Ready(Some(Ok(())))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => {
                self.state = State::Failed;
                Poll::Ready(Some(Err(from_library(error.into()))))
            }
        }
    }

    /// Reads the next frame.
    fn poll_frame(&mut self) -> Poll<Option<Result<Frame, Error>>> {
        match self.protocol.get().read(&mut self.io) {
            Ok(WireMessage::Text(text)) => {
                self.spare |= text.len() > LIBRARY_BUFFER;
                let message = Message::text(text::from_library(text));
                Poll::Ready(Some(Ok(Frame::Message(message))))
            }
            Ok(WireMessage::Binary(data)) => {
                self.spare |= data.len() > LIBRARY_BUFFER;
                Poll::Ready(Some(Ok(Frame::Message(Message::binary(data)))))
            }
            Ok(WireMessage::Ping(payload)) => {
                // The library has the answer ready; let it not wait for the next read.
                (self.dirty, self.spare) = (true, true);
                let _ = self.poll_drain();
                Poll::Ready(Some(Ok(Frame::Ping(payload))))
            }
            Ok(WireMessage::Pong(payload)) => {
                self.spare = true;
                Poll::Ready(Some(Ok(Frame::Pong(payload))))
            }
            Ok(WireMessage::Close(close)) => {
                (self.dirty, self.state) = (true, State::Closed);
                Poll::Ready(Some(Ok(Frame::Close(from_wire(close)))))
            }
            Ok(WireMessage::Frame(_)) => {
                let message = "the protocol library handed up a raw frame";
                Poll::Ready(Some(Err(Error::with_message(ErrorKind::Internal, message))))
            }
            Err(error) if would_block(&error) => Poll::Pending,
            Err(
                tungstenite::Error::ConnectionClosed
                | tungstenite::Error::AlreadyClosed
                | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
            ) => {
                self.state = State::Ended;
                Poll::Ready(None)
            }
            Err(error) => {
                self.state = State::Failed;
                Poll::Ready(Some(Err(from_library(error))))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Duplex for Connection<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.io.set_reader(cx);
        match self.state {
            State::Open => {}
            State::Closed => {
                let _ = ready!(self.poll_drain());
                let _ = ready!(self.io.poll_shutdown(cx));
                self.state = State::Ended;
                return Poll::Ready(None);
            }
            State::Ended | State::Failed => return Poll::Ready(None),
        }
        if self.protocol.is_resting() {
            match ready!(self.poll_wake()) {
                Some(Ok(())) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        if self.io.is_blocked() {
            // An answer to a ping may be stuck, and nobody else knows of it.
            let _ = self.poll_drain();
        }
        let frame = self.poll_frame();
        if frame.is_pending() && self.spare && !self.dirty && self.io.is_between_messages() {
            self.spare = false;
            self.protocol.rest();
        }
        frame
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.set_writer(cx);
        if self.io.is_blocked() {
            ready!(self.poll_drain())?;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.take_early();
        if !self.protocol.get().can_write() {
            return match frame {
                // The library has answered the peer's close already.
                Frame::Close(_) => Ok(()),
                _ => Err(ErrorKind::Close.into()),
            };
        }
        let message = match frame {
            Frame::Message(message) => match message.into_text() {
                Ok(text) => WireMessage::Text(text::into_library(text)),
                Err(message) => WireMessage::Binary(message.into_bytes()),
            },
            Frame::Ping(payload) => WireMessage::Ping(control(payload)?),
            Frame::Pong(payload) => WireMessage::Pong(control(payload)?),
            Frame::Close(close) => WireMessage::Close(into_wire(&close)),
            _ => return Err(ErrorKind::Unsupported.into()),
        };
        self.dirty = true;
        let length = message.len() + MAX_HEADER;
        let written = if length > SPARE {
            self.spare = true;
            self.protocol.make_room(length);
            let written = self.protocol.get().write(&mut self.io, message);
            self.protocol.make_room(SPARE);
            written
        } else {
            self.protocol.get().write(&mut self.io, message)
        };
        match written {
            Ok(()) => Ok(()),
            // It is buffered, and `poll_ready` waits for it.
            Err(error) if would_block(&error) => Ok(()),
            Err(error) => Err(from_library(error)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.set_writer(cx);
        self.poll_drain()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.take_early();
        if self.protocol.get().can_write() {
            ready!(self.poll_ready(cx))?;
            self.start_send(Frame::Close(Close::normal()))?;
        }
        self.io.set_writer(cx);
        ready!(self.poll_drain())?;
        match self.state {
            // The peer's close is still to come.
            State::Open => {}
            State::Closed | State::Ended => {
                let _ = ready!(self.io.poll_shutdown(cx));
            }
            State::Failed => {
                let _ = ready!(self.io.poll_shutdown(cx));
                // To close with something unread is to reset the connection, which can cost the
                // peer the close frame that says why: most of all one that sends a long message.
                ready!(self.io.poll_discard(cx));
                self.state = State::Ended;
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn would_block(error: &tungstenite::Error) -> bool {
    matches!(error, tungstenite::Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// The payload of a control frame (RFC 6455, section 5.5).
fn control(payload: Bytes) -> Result<Bytes, Error> {
    if payload.len() > MAX_CONTROL {
        let message = "a ping or pong carries at most 125 bytes";
        return Err(Error::with_message(ErrorKind::TooLarge, message));
    }
    Ok(payload)
}

fn from_wire(close: Option<CloseFrame>) -> Close {
    match close {
        Some(CloseFrame { code, reason }) => {
            Close::new(CloseCode::from(u16::from(code)), text::from_library(reason))
        }
        None => Close::new(CloseCode::NO_STATUS, ""),
    }
}

/// A close whose code may not be sent goes out without one.
fn into_wire(close: &Close) -> Option<CloseFrame> {
    close.code.is_sendable().then(|| CloseFrame {
        code: WireCode::from(u16::from(close.code)),
        reason: close.wire_reason().into(),
    })
}

pub(crate) fn from_library(error: tungstenite::Error) -> Error {
    use tungstenite::Error as E;
    let kind = match &error {
        E::ConnectionClosed | E::AlreadyClosed => ErrorKind::Close,
        E::Protocol(ProtocolError::SendAfterClosing) => ErrorKind::Close,
        E::Capacity(_) | E::WriteBufferFull(_) => ErrorKind::TooLarge,
        E::Io(error) if error.get_ref().is_some_and(|source| source.is::<TooManyFragments>()) => {
            ErrorKind::TooLarge
        }
        E::Io(_) | E::Tls(_) => ErrorKind::Io,
        E::Utf8(_) => ErrorKind::Codec,
        _ => ErrorKind::Protocol,
    };
    Error::with_source(kind, error)
}

/// What a server or client of this transport can do.
pub(crate) const CAPABILITIES: Capabilities = Capabilities::FULL.with_answers_pings(true);

/// How much is read of what ends a connection's rest, in bytes.
const FIRST_READ: usize = 1024;
/// The longest payload of a control frame (RFC 6455, section 5.5).
const MAX_CONTROL: usize = 125;
/// The longest header of a frame (RFC 6455, section 5.2).
const MAX_HEADER: usize = 14;

#[cfg(test)]
mod tests;
