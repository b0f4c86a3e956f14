//! An established WebSocket.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use plimsoll::{Capabilities, Close, CloseCode, Duplex, Error, ErrorKind, Frame, Message};
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::Message as WireMessage;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketContext};

use crate::frames::Frames;
use crate::io::{Io, TooManyFragments};
use crate::options::{Options, SPARE};
use crate::text;

/// An established WebSocket.
#[derive(Debug)]
pub(crate) struct Connection<S> {
    io: Io<S>,
    protocol: WebSocketContext,
    options: Options,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Open,
    /// The peer's close was handed up: what is left is to flush the answer to it.
    Closed,
    /// There is nothing more to receive.
    Ended,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Connection<S> {
    /// Speaks WebSocket on `stream`, whose handshake is done. `read` is what was read from it
    /// beyond the handshake.
    pub(crate) fn new(stream: S, read: &[u8], role: Role, options: Options) -> Self {
        let mut frames = Frames::new(options.max_fragments);
        let read = read[..frames.follow(read)].to_vec();
        let config = Some(options.config());
        let protocol = WebSocketContext::from_partially_read(read, role, config);
        Self { io: Io::new(stream, frames), protocol, options, state: State::Open }
    }

    /// Hands what is buffered to the network.
    fn poll_drain(&mut self) -> Poll<Result<(), Error>> {
        match self.protocol.flush(&mut self.io) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) if would_block(&error) => Poll::Pending,
            // The library's word for a close that both sides know of.
            Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed) => {
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(from_library(error))),
        }
    }

    /// Ends the stream, as far as that goes without waiting.
    fn end(&mut self, cx: &mut Context<'_>) {
        self.state = State::Ended;
        let _ = self.io.poll_shutdown(cx);
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Duplex for Connection<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.io.set_waker(cx);
        match self.state {
            State::Open => {}
            State::Closed => {
                let _ = ready!(self.poll_drain());
                self.end(cx);
                return Poll::Ready(None);
            }
            State::Ended => return Poll::Ready(None),
        }
        if self.io.is_blocked() {
            // An answer to a ping may be stuck, and nobody else knows of it.
            let _ = self.poll_drain();
        }
        match self.protocol.read(&mut self.io) {
            Ok(WireMessage::Text(text)) => {
                let message = Message::text(text::from_library(text));
                Poll::Ready(Some(Ok(Frame::Message(message))))
            }
            Ok(WireMessage::Binary(data)) => {
                Poll::Ready(Some(Ok(Frame::Message(Message::binary(data)))))
            }
            Ok(WireMessage::Ping(payload)) => {
                // The library has the answer ready; let it not wait for the next read.
                let _ = self.poll_drain();
                Poll::Ready(Some(Ok(Frame::Ping(payload))))
            }
            Ok(WireMessage::Pong(payload)) => Poll::Ready(Some(Ok(Frame::Pong(payload)))),
            Ok(WireMessage::Close(close)) => {
                self.state = State::Closed;
                Poll::Ready(Some(Ok(Frame::Close(from_wire(close)))))
            }
            Ok(WireMessage::Frame(_)) => {
                let message = "the protocol library handed up a raw frame";
                Poll::Ready(Some(Err(Error::with_message(ErrorKind::Internal, message))))
            }
            Err(error) if would_block(&error) => Poll::Pending,
            Err(error) => {
                self.state = State::Ended;
                match error {
                    tungstenite::Error::ConnectionClosed
                    | tungstenite::Error::AlreadyClosed
                    | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                        Poll::Ready(None)
                    }
                    error => Poll::Ready(Some(Err(from_library(error)))),
                }
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.set_waker(cx);
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
        let long = message.len() + MAX_HEADER > SPARE;
        if long {
            let room = self.options.write_buffer + message.len() + MAX_HEADER;
            self.protocol.set_config(|config| config.max_write_buffer_size = room);
        }
        let written = self.protocol.write(&mut self.io, message);
        if long {
            let room = self.options.write_buffer + SPARE;
            self.protocol.set_config(|config| config.max_write_buffer_size = room);
        }
        match written {
            Ok(()) => Ok(()),
            // It is buffered, and `poll_ready` waits for it.
            Err(error) if would_block(&error) => Ok(()),
            Err(error) => Err(from_library(error)),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.set_waker(cx);
        self.poll_drain()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.set_waker(cx);
        ready!(self.poll_drain())?;
        if self.state != State::Open {
            self.io.discard(cx);
            self.end(cx);
        }
        Poll::Ready(Ok(()))
    }
}

fn would_block(error: &tungstenite::Error) -> bool {
    matches!(error, tungstenite::Error::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock)
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

/// The longest payload of a control frame (RFC 6455, section 5.5).
const MAX_CONTROL: usize = 125;
/// The longest header of a frame (RFC 6455, section 5.2).
const MAX_HEADER: usize = 14;
