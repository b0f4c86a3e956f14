use std::task::{Context, Poll, ready};

use plimsoll::{Close, Error, ErrorKind, Reject, Text};

use super::outbox::Outbox;
use super::silence::Silence;
use super::websocket::WebSocket;
use super::xhr::Xhr;
use crate::Binary;
use crate::codec::{Limits, ServerFrame};

/// How a session's frames travel.
pub(super) enum Path {
    WebSocket(WebSocket),
    Xhr(Box<Xhr>),
    /// Not any more.
    Ended,
}

/// What comes from a server.
pub(super) enum Received {
    /// Of the WebSocket itself.
    Close(Close),
    Frame(Text),
}

impl Path {
    /// What comes next; `None` after the end.
    pub(super) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Silence,
    ) -> Poll<Option<Result<Received, Error>>> {
        match self {
            Self::WebSocket(websocket) => websocket.poll_recv(cx, silence),
            Self::Xhr(xhr) => {
                let frame = ready!(xhr.poll_frame(cx, silence));
                silence.end();
                Poll::Ready(Some(frame.map(Received::Frame)))
            }
            Self::Ended => Poll::Ready(None),
        }
    }

    /// Waits for the frame that opens the session.
    pub(super) fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Silence,
        limits: Limits,
    ) -> Poll<Result<(), Error>> {
        loop {
            let close = match ready!(self.poll_recv(cx, silence)) {
                Some(Ok(Received::Frame(frame))) => match ServerFrame::parse(frame, limits)? {
                    ServerFrame::Open => return Poll::Ready(Ok(())),
                    ServerFrame::Heartbeat => continue,
                    ServerFrame::Close(close) => close,
                    ServerFrame::Messages(_) => return Poll::Ready(Err(no_session())),
                },
                Some(Ok(Received::Close(close))) => close,
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Err(no_session())),
            };
            return Poll::Ready(Err(match close.code.status() {
                Some(status) => Reject::new(status, close.reason.into_bytes()).into(),
                None => Error::with_message(ErrorKind::Close, close.to_string()),
            }));
        }
    }

    /// Sends all that waits.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
        binary: Binary,
        silence: &mut Silence,
    ) -> Poll<Result<(), Error>> {
        match self {
            Self::WebSocket(websocket) => websocket.poll_send(cx, outbox, binary),
            Self::Xhr(xhr) => xhr.poll_send(cx, outbox, binary, silence),
            Self::Ended => Poll::Ready(Ok(())),
        }
    }

    /// Ends in order, once all has been sent. A server takes the end of a request that waits for
    /// frames for that of the session.
    pub(super) fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Silence,
    ) -> Poll<Result<(), Error>> {
        match self {
            Self::WebSocket(websocket) => return websocket.poll_close(cx),
            Self::Xhr(xhr) => {
                ready!(xhr.poll_waiting(cx, silence));
                *self = Self::Ended;
            }
            Self::Ended => {}
        }
        Poll::Ready(Ok(()))
    }
}

fn no_session() -> Error {
    Error::with_message(ErrorKind::Protocol, "the server did not open a session")
}
