//! A session as a duplex.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use plimsoll::{Close, Duplex, Error, ErrorKind, Frame};
use plimsoll_http::client::Wakers;

use super::outbox::Outbox;
use super::path::{Path, Received};
use super::silence::Silence;
use crate::Binary;
use crate::codec::{Limits, Messages, ServerFrame, closes};

/// A session as a duplex.
pub(super) struct Session {
    path: Path,
    options: SessionOptions,
    /// Of the present frame.
    messages: Messages,
    outbox: Outbox,
    silence: Silence,
    wakers: Wakers,
    reading: Reading,
    writing: Writing,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct SessionOptions {
    pub(super) binary: Binary,
    pub(super) limits: Limits,
    pub(super) max_silence: Duration,
    pub(super) send_buffer: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reading {
    Open,
    /// The server's close was handed up.
    Closed,
    Ended,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Writing {
    Open,
    /// A close was taken.
    Closed,
    Failed,
}

impl Session {
    /// Waits for the server to open a session.
    pub(super) async fn open(mut path: Path, options: SessionOptions) -> Result<Self, Error> {
        let mut silence = Silence::new(options.max_silence);
        std::future::poll_fn(|cx| path.poll_open(cx, &mut silence, options.limits)).await?;
        Ok(Self {
            path,
            options,
            messages: Messages::none(),
            outbox: Outbox::default(),
            silence,
            wakers: Wakers::new(),
            reading: Reading::Open,
            writing: Writing::Open,
        })
    }

    fn poll_received(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            if let Some(text) = self.messages.next() {
                let message = self.options.binary.decode(text);
                return Poll::Ready(Some(message.map(Frame::Message)));
            }
            let Poll::Ready(received) = self.path.poll_recv(cx, &mut self.silence) else {
                ready!(self.silence.poll_too_long(cx));
                return Poll::Ready(Some(Err(silent())));
            };
            let frame = match received {
                Some(Ok(Received::Frame(frame))) => ServerFrame::parse(frame, self.options.limits)?,
                Some(Ok(Received::Close(close))) => ServerFrame::Close(close),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            match frame {
                // The protocol's word for a connection that was lost.
                ServerFrame::Close(close) if close == closes::interrupted() => {
                    return Poll::Ready(None);
                }
                ServerFrame::Close(close) => {
                    return Poll::Ready(Some(Ok(Frame::Close(closes::given(close)))));
                }
                ServerFrame::Heartbeat => {}
                ServerFrame::Messages(messages) => self.messages = messages,
                ServerFrame::Open => {
                    return Poll::Ready(Some(Ok(Frame::Close(closes::lost_session()))));
                }
            }
        }
    }

    /// Waits for the end of the connection, after the server's close.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(Ok(_)) = ready!(self.path.poll_recv(cx, &mut self.silence)) {}
        Poll::Ready(())
    }

    /// Sends all that waits. After an error nothing is sent any more.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.writing == Writing::Failed {
            return Poll::Ready(Ok(()));
        }
        let binary = self.options.binary;
        let sent = self.path.poll_send(cx, &mut self.outbox, binary, &mut self.silence);
        let sent = ready!(sent);
        if sent.is_err() {
            self.writing = Writing::Failed;
            self.outbox = Outbox::default();
        }
        Poll::Ready(sent)
    }
}

impl Duplex for Session {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let waker = self.wakers.reader(cx);
        let cx = &mut Context::from_waker(&waker);
        match self.reading {
            Reading::Open => {}
            Reading::Closed => {
                ready!(self.poll_end(cx));
                self.reading = Reading::Ended;
                return Poll::Ready(None);
            }
            Reading::Ended => return Poll::Ready(None),
        }
        let received = ready!(self.poll_received(cx));
        match &received {
            Some(Ok(Frame::Close(close))) => {
                self.reading = Reading::Closed;
                // The server wants no more than an answer.
                self.outbox = Outbox::default();
                match self.path {
                    Path::WebSocket(_) if self.writing == Writing::Open => {
                        self.outbox.set_close(close.clone());
                    }
                    Path::WebSocket(_) => {}
                    Path::Xhr(_) | Path::Ended => self.path = Path::Ended,
                }
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.reading = Reading::Ended,
        }
        Poll::Ready(received)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let waker = self.wakers.writer(cx);
        let cx = &mut Context::from_waker(&waker);
        if self.writing == Writing::Failed {
            return Poll::Ready(Err(ErrorKind::Close.into()));
        }
        if self.outbox.size() >= self.options.send_buffer {
            if let Poll::Ready(sent) = self.poll_send(cx) {
                return Poll::Ready(sent);
            }
            if self.outbox.size() >= self.options.send_buffer {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        let is_close = matches!(frame, Frame::Close(_));
        if self.writing != Writing::Open || self.reading == Reading::Closed {
            return if is_close { Ok(()) } else { Err(ErrorKind::Close.into()) };
        }
        match frame {
            Frame::Message(message) => {
                self.options.binary.check(&message)?;
                self.outbox.push(message);
            }
            Frame::Close(close) => {
                self.writing = Writing::Closed;
                self.outbox.set_close(close);
            }
            // The server sees to it that both are alive.
            Frame::Ping(_) | Frame::Pong(_) => {}
            _ => return Err(ErrorKind::Unsupported.into()),
        }
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let waker = self.wakers.writer(cx);
        let cx = &mut Context::from_waker(&waker);
        if self.reading == Reading::Closed {
            return Poll::Ready(Ok(()));
        }
        self.poll_send(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.start_send(Frame::Close(Close::normal()))?;
        let waker = self.wakers.writer(cx);
        let cx = &mut Context::from_waker(&waker);
        ready!(self.poll_send(cx))?;
        let is_xhr = matches!(self.path, Path::Xhr(_));
        let closed = self.path.poll_close(cx, &mut self.silence);
        if is_xhr && closed.is_ready() {
            // A reader may wait for the request that was dropped.
            waker.wake();
        }
        closed
    }
}

fn silent() -> Error {
    Error::with_message(ErrorKind::Timeout, "the server was silent for longer than `max_silence`")
}
