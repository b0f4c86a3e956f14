//! An established WebSocket.

use std::io::{self, Write};
use std::iter;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use plimsoll::{Capabilities, Close, CloseCode, Duplex, Error, ErrorKind, Frame, Message};
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::Message as WireMessage;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tungstenite::protocol::{CloseFrame, Role};

use crate::io::{Io, Next, TooManyFragments};
use crate::options::{LIBRARY_BUFFER, Options};
use crate::protocol::Protocol;
use crate::text;

/// An established WebSocket.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    io: Io<S>,
    protocol: Protocol,
    state: State,
    /// Something is buffered that was not flushed.
    dirty: bool,
    /// An answer to a ping is among it.
    answering: bool,
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
            io: Io::new(stream, early, role, options),
            protocol: Protocol::new(role, options),
            state: State::Open,
            dirty: false,
            answering: false,
            spare: false,
        }
    }

    /// Hands what is buffered to the network.
    fn poll_drain(&mut self) -> Poll<Result<(), Error>> {
        if !self.dirty {
            return Poll::Ready(Ok(()));
        }
        let mut flushed = self.protocol.flush(&mut self.io);
        if self.answering && flushed.is_ok() {
            // The first time there may have been no room for the answer.
            flushed = self.protocol.flush(&mut self.io);
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
        (self.dirty, self.answering) = (false, false);
        Poll::Ready(Ok(()))
    }

    fn write_control(&mut self, frame: WireMessage) -> Result<(), tungstenite::Error> {
        self.protocol.get().write(&mut self.io, frame)
    }

    fn write_message<'a>(
        &mut self,
        is_text: bool,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Result<(), tungstenite::Error> {
        let length = parts.clone().map(<[u8]>::len).sum();
        self.spare |= length > LARGE;
        Ok(self.io.write_message(is_text, length, parts)?)
    }

    /// Reads the next frame.
    fn poll_frame(&mut self) -> Poll<Option<Result<Frame, Error>>> {
        if self.io.is_between_messages() {
            match ready!(self.io.poll_next()) {
                Ok(Next::Message(message)) => {
                    return Poll::Ready(Some(Ok(Frame::Message(message))));
                }
                Ok(Next::Other) => {}
                Ok(Next::End) => {
                    self.state = State::Ended;
                    return Poll::Ready(None);
                }
                Err(error) => {
                    self.state = State::Failed;
                    return Poll::Ready(Some(Err(from_library(error.into()))));
                }
            }
        }
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
                (self.dirty, self.answering, self.spare) = (true, true, true);
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
        if self.answering {
            // It is stuck, and nobody else knows of it.
            let _ = self.poll_drain();
        }
        let frame = self.poll_frame();
        if frame.is_pending() && self.spare && !self.dirty && self.io.is_between_messages() {
            self.spare = false;
            self.protocol.rest();
            self.io.rest();
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
        if !self.protocol.can_write() {
            return match frame {
                // The library has answered the peer's close already.
                Frame::Close(_) => Ok(()),
                _ => Err(ErrorKind::Close.into()),
            };
        }
        self.dirty = true;
        let written = match frame {
            Frame::Message(message) => {
                self.write_message(message.is_text(), iter::once(message.as_bytes()))
            }
            Frame::Ping(payload) => self.write_control(WireMessage::Ping(control(payload)?)),
            Frame::Pong(payload) => self.write_control(WireMessage::Pong(control(payload)?)),
            Frame::Close(close) => self.write_control(WireMessage::Close(into_wire(&close))),
            _ => return Err(ErrorKind::Unsupported.into()),
        };
        buffered(written)
    }

    fn start_send_text(&mut self, parts: &[&str]) -> Result<(), Error> {
        if !self.protocol.can_write() {
            return Err(ErrorKind::Close.into());
        }
        self.dirty = true;
        buffered(self.write_message(true, parts.iter().map(|part| part.as_bytes())))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.set_writer(cx);
        self.poll_drain()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.protocol.can_write() {
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

fn buffered(written: Result<(), tungstenite::Error>) -> Result<(), Error> {
    match written {
        Ok(()) => Ok(()),
        // `poll_ready` waits for it.
        Err(error) if would_block(&error) => Ok(()),
        Err(error) => Err(from_library(error)),
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

/// Messages longer than this leave no buffer behind, in bytes.
const LARGE: usize = 4 * 1024;
/// The longest payload of a control frame (RFC 6455, section 5.5).
const MAX_CONTROL: usize = 125;

#[cfg(test)]
mod tests;
