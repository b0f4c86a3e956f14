//! A session as a duplex.

use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use plimsoll::{Capabilities, Close, CloseCode, Duplex, Error, ErrorKind, Frame, Liveness};
use plimsoll_http::client::Wakers;

use super::outbox::Outbox;
use super::path::Path;
use super::watchdog::Watchdog;
use super::websocket::Received;
use crate::codec::{Open, Packet, Version, can_poll};

/// A session as a duplex.
pub(super) struct Session {
    path: Path,
    outbox: Outbox,
    send_buffer: usize,
    watchdog: Watchdog,
    wakers: Wakers,
    /// There was nothing more to read.
    drained: bool,
    reading: Reading,
    writing: Writing,
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
    pub(super) fn new(path: Path, open: &Open, send_buffer: usize) -> Self {
        Self {
            path,
            outbox: Outbox::default(),
            send_buffer,
            watchdog: Watchdog::new(open.ping_interval + open.ping_timeout),
            wakers: Wakers::new(),
            drained: false,
            reading: Reading::Open,
            writing: Writing::Open,
        }
    }

    /// Sends all that waits. After an error nothing is sent any more.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.writing == Writing::Failed {
            return Poll::Ready(Ok(()));
        }
        let sent = ready!(self.path.poll_send(cx, &mut self.outbox));
        if sent.is_err() {
            self.writing = Writing::Failed;
            self.outbox = Outbox::default();
        }
        Poll::Ready(sent)
    }

    fn poll_received(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            // Answers to pings, and what a move needs, wait for no one who writes.
            let sent = self.poll_send(cx);
            let Poll::Ready(received) = self.path.poll_recv(cx, &mut self.outbox) else {
                if let Poll::Ready(Err(error)) = sent {
                    return Poll::Ready(Some(Err(error)));
                }
                ready!(self.watchdog.poll_expired(cx));
                return Poll::Ready(Some(Err(silent())));
            };
            let received = match received {
                Some(Ok(received)) => received,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            self.watchdog.feed();
            match received {
                Received::Packet(Packet::Message(message)) => {
                    return Poll::Ready(Some(Ok(Frame::Message(message))));
                }
                Received::Packet(Packet::Ping(text)) => self.outbox.push(Packet::Pong(text)),
                Received::Packet(Packet::Close) => {
                    let close = Close::new(CloseCode::NO_STATUS, "");
                    return Poll::Ready(Some(Ok(Frame::Close(close))));
                }
                Received::Packet(
                    Packet::Noop | Packet::Open(_) | Packet::Pong(_) | Packet::Upgrade,
                ) => {}
                Received::Close(close) => return Poll::Ready(Some(Ok(Frame::Close(close)))),
            }
        }
    }

    /// Waits for the end of the connection, after the server's close.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.path.is_polling() {
            return Poll::Ready(());
        }
        while let Some(Ok(_)) = ready!(self.path.poll_recv(cx, &mut self.outbox)) {}
        Poll::Ready(())
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
        let received = self.poll_received(cx);
        self.drained = received.is_pending();
        let received = ready!(received);
        match &received {
            Some(Ok(Frame::Close(_))) => {
                self.reading = Reading::Closed;
                // The server wants no more.
                self.outbox = Outbox::default();
                self.path.stay();
                // Whoever writes has nothing to wait for any more.
                cx.waker().wake_by_ref();
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
        if self.drained && self.watchdog.is_overdue(SystemTime::now()) {
            // After a suspension the timer is late, and whoever sends wants to know.
            cx.waker().wake_by_ref();
        }
        if self.outbox.size() >= self.send_buffer {
            if let Poll::Ready(sent) = self.poll_send(cx) {
                return Poll::Ready(sent);
            }
            if self.outbox.size() >= self.send_buffer {
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
                let (bytes, is_binary) = (message.as_bytes(), message.is_binary());
                if self.path.is_polling() && !can_poll(bytes, is_binary, Version::V4) {
                    let message = "text with U+001E cannot travel by polling";
                    return Err(Error::with_message(ErrorKind::Unsupported, message));
                }
                self.outbox.push(Packet::Message(message));
            }
            Frame::Close(close) => {
                self.writing = Writing::Closed;
                self.outbox.set_close(close);
                self.path.stay();
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
        ready!(self.poll_flush(cx))?;
        let waker = self.wakers.writer(cx);
        self.path.poll_close(&mut Context::from_waker(&waker))
    }
}

fn silent() -> Error {
    Error::with_message(ErrorKind::Timeout, "no ping came within the server's own times")
}

/// What a session can do, whichever way packets travel.
pub(super) const CAPABILITIES: Capabilities = Capabilities::FULL
    .with_close_reason(false)
    .with_liveness(Liveness::Builtin)
    .with_answers_pings(true);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use futures::task::noop_waker_ref;
    use plimsoll::{BoxDuplex, DuplexExt};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::client::websocket::WebSocket;

    const LIMIT: Duration = Duration::from_secs(45);

    fn silent_session() -> Session {
        let open = r#"{"sid":"s","pingInterval":25000,"pingTimeout":20000}"#;
        let io: BoxDuplex = Box::new(Silent);
        Session::new(Path::WebSocket(WebSocket::new(io)), &Open::parse(open).unwrap(), 1000)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_dead() {
        let mut session = silent_session();
        let start = Instant::now();
        let error = session.recv().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), start.elapsed() / 1000), (ErrorKind::Timeout, LIMIT / 1000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_send_after_a_suspension_finds_a_dead_server_at_once() {
        let mut session = silent_session();
        let reader = tokio::spawn(async move {
            let mut sent = false;
            poll_fn(|cx| {
                let received = session.poll_recv(cx);
                if received.is_pending() && !sent {
                    sent = true;
                    session.watchdog.suspend(LIMIT * 2);
                    assert!(
                        session.poll_ready(&mut Context::from_waker(noop_waker_ref())).is_ready()
                    );
                }
                received
            })
            .await
        });
        let received = timeout(Duration::from_secs(1), reader).await.expect("it wakes the reader");
        assert_eq!(received.unwrap().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    }

    /// A WebSocket on which nothing comes.
    struct Silent;

    impl Duplex for Silent {
        fn poll_recv(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
            Poll::Pending
        }

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn start_send(&mut self, _: Frame) -> Result<(), Error> {
            Ok(())
        }

        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }
    }
}
