use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use plimsoll::{BoxDuplex, Close, CloseCode, Duplex, Error, ErrorKind, Frame, Message};
use tokio::time::{Sleep, sleep_until};

use super::pings::{Due, Pings};
use crate::codec::{Carrier, Limits, Malformed, Messages, closes, plain_frame, websocket_payload};
use crate::{Binary, Options};

/// A session over a WebSocket, as the endpoint sees it.
pub(super) struct Framed {
    io: BoxDuplex,
    binary: Binary,
    limits: Limits,
    /// What is left of the last payload.
    unread: Messages,
    /// All that the client has sent was read.
    drained: bool,
    pings: Pings,
    timer: Pin<Box<Sleep>>,
    /// A ping is to be sent.
    ping: bool,
    /// A ping was sent that was not flushed.
    unflushed: bool,
    farewell: Farewell,
}

/// How far the end of the session is.
enum Farewell {
    /// It is open.
    None,
    /// The client broke the framing, and is told so by the WebSocket alone.
    Broken(Close),
    /// The last frame is sent; the close of the WebSocket comes next.
    Said,
    Done,
}

impl Framed {
    /// A session over a WebSocket on which the opening frame was sent.
    pub(super) fn new(io: BoxDuplex, options: &Options) -> Self {
        let pings = Pings::new(options.heartbeat_delay, options.pong_timeout);
        Self {
            io,
            binary: options.binary,
            limits: options.limits(),
            unread: Messages::none(),
            drained: false,
            timer: Box::pin(sleep_until(pings.deadline())),
            pings,
            ping: false,
            unflushed: false,
            farewell: Farewell::None,
        }
    }

    /// The next message of the last payload.
    fn next_unread(&mut self) -> Option<Result<Frame, Error>> {
        let text = self.unread.next()?;
        if self.unread.len() == 0 {
            self.unread = Messages::none();
        }
        Some(self.binary.decode(text).map(Frame::Message))
    }

    fn take_payload(&mut self, message: Message) -> Result<(), Error> {
        let payload = match message.into_text() {
            Ok(text) => websocket_payload(text, self.limits),
            Err(_) => Err(Malformed::BrokenJson),
        };
        self.unread = payload.map_err(|malformed| {
            self.farewell = Farewell::Broken(malformed.close());
            Error::from(malformed)
        })?;
        Ok(())
    }

    /// Asks the client for a sign of life when it is time.
    fn poll_pings(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        loop {
            let deadline = self.pings.deadline();
            if self.timer.deadline() != deadline {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                break;
            }
            match self.pings.expired(!self.drained) {
                Due::Ping => self.ping = true,
                Due::Death => {
                    // It hardly arrives, and nobody waits for it.
                    let _ = self.say(&closes::no_heartbeat());
                    let _ = self.io.poll_close(cx);
                    return Err(Error::with_message(ErrorKind::Timeout, "no pong came"));
                }
            }
        }
        if self.ping && self.io.poll_ready(cx)?.is_ready() {
            self.io.start_send(Frame::Ping(Bytes::new()))?;
            (self.ping, self.unflushed) = (false, true);
        }
        if self.unflushed {
            self.unflushed = self.io.poll_flush(cx)?.is_pending();
        }
        Ok(())
    }

    /// Sends the last frame. That the client has closed meanwhile is no error.
    fn say(&mut self, close: &Close) -> Result<(), Error> {
        self.farewell = Farewell::Said;
        match self.io.start_send(Carrier::WebSocket.close(close).into()) {
            Err(error) if error.kind() == ErrorKind::Close => Ok(()),
            said => said,
        }
    }
}

impl Duplex for Framed {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.drained = false;
        loop {
            if let Some(frame) = self.next_unread() {
                return Poll::Ready(Some(frame));
            }
            let Poll::Ready(received) = self.io.poll_recv(cx)? else {
                self.drained = true;
                self.poll_pings(cx)?;
                return Poll::Pending;
            };
            let Some(frame) = received else { return Poll::Ready(None) };
            self.pings.heard();
            match frame {
                Frame::Message(message) => self.take_payload(message)?,
                Frame::Close(_) => return Poll::Ready(Some(Ok(frame))),
                // The WebSocket's own, which it answers itself.
                _ => {}
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        match frame {
            Frame::Message(message) => {
                if let Some(parts) = plain_frame(&message) {
                    return self.io.start_send_text(&parts);
                }
                let messages = std::slice::from_ref(&message);
                let frame = Carrier::WebSocket.messages(messages, self.binary)?;
                self.io.start_send(frame.into())
            }
            Frame::Close(close) => match &self.farewell {
                Farewell::Broken(fault) => {
                    let fault = fault.clone();
                    self.farewell = Farewell::Done;
                    self.io.start_send(Frame::Close(fault))
                }
                Farewell::None => self.say(&close),
                Farewell::Said | Farewell::Done => Ok(()),
            },
            // The protocol has a heartbeat of its own.
            _ => Ok(()),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // Who has read everything looks at the clock when there is nothing more.
        if !self.drained {
            self.poll_pings(cx)?;
        }
        self.io.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Farewell::Said = self.farewell {
            ready!(self.io.poll_ready(cx))?;
            self.io.start_send(Frame::Close(Close::new(CloseCode::NORMAL, NORMAL)))?;
            self.farewell = Farewell::Done;
        }
        self.io.poll_close(cx)
    }
}

const NORMAL: &str = "Normal closure";
