//! One end of a connection, used as a driver uses it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use plimsoll::{BoxDuplex, Capabilities, Close, Duplex, Error, Frame, Message};

use super::ending::Ending;
use super::failure::Failure;
use super::message::{Row, describe, describe_message};
use super::waits::Waits;

/// One end of a connection, used as a driver uses it: all from one task, and answering pings
/// where the transport does not.
pub(crate) struct End {
    pub(crate) name: &'static str,
    pub(crate) io: BoxDuplex,
    pub(crate) capabilities: Capabilities,
    /// Where it notes what it waits for.
    pub(crate) waits: Arc<Waits>,
}

impl End {
    pub(crate) async fn ready(&mut self) -> Result<(), Failure> {
        let _waiting = self.waits.note(self.name, "room for a frame");
        let ready = poll_fn(|cx| self.io.poll_ready(cx)).await;
        ready.map_err(|error| self.failed("room for a frame", &error))
    }

    /// Takes a frame without a flush.
    pub(crate) async fn put(&mut self, frame: impl Into<Frame>) -> Result<(), Failure> {
        self.ready().await?;
        self.start(frame)
    }

    pub(crate) fn start(&mut self, frame: impl Into<Frame>) -> Result<(), Failure> {
        let sent = self.io.start_send(frame.into());
        sent.map_err(|error| self.failed("the frame to be taken", &error))
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        let _waiting = self.waits.note(self.name, "a flush");
        let flushed = poll_fn(|cx| self.io.poll_flush(cx)).await;
        flushed.map_err(|error| self.failed("a flush", &error))
    }

    /// Flushes what goes out without waiting.
    pub(crate) async fn begin_flush(&mut self) -> Result<(), Failure> {
        poll_fn(|cx| Poll::Ready(self.poll(cx, Duplex::poll_flush, "a flush"))).await.map(|_| ())
    }

    pub(crate) async fn send(&mut self, frame: impl Into<Frame>) -> Result<(), Failure> {
        self.put(frame).await?;
        self.flush().await
    }

    /// Sends all messages of a row, flushing as long as there is no more room.
    pub(crate) async fn send_row(&mut self, row: Row) -> Result<(), Failure> {
        for message in row.messages() {
            self.put(message).await?;
        }
        self.flush().await
    }

    /// The next message or close, the end, or an error.
    pub(crate) async fn recv(&mut self) -> Option<Result<Frame, Error>> {
        let _waiting = self.waits.note(self.name, "a frame");
        loop {
            match poll_fn(|cx| self.io.poll_recv(cx)).await {
                Some(Ok(Frame::Ping(payload))) if !self.capabilities.answers_pings => {
                    // Whatever fails here, receiving tells why.
                    let _ = self.send(Frame::Pong(payload)).await;
                }
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                other => return other,
            }
        }
    }

    /// Expects a message.
    pub(crate) async fn expect(&mut self, expected: &Message) -> Result<(), Failure> {
        let received = self.recv().await;
        self.check(expected, &received)
    }

    /// Expects all messages of a row.
    pub(crate) async fn expect_row(&mut self, row: Row) -> Result<(), Failure> {
        for message in row.messages() {
            self.expect(&message).await?;
        }
        Ok(())
    }

    pub(crate) fn check(
        &self,
        expected: &Message,
        received: &Option<Result<Frame, Error>>,
    ) -> Result<(), Failure> {
        match received {
            Some(Ok(Frame::Message(message))) if message == expected => Ok(()),
            other => Err(self.got(describe_message(expected), other)),
        }
    }

    /// Sends `outgoing` and receives `incoming` at once, from one task.
    pub(crate) async fn exchange(&mut self, outgoing: Row, incoming: Row) -> Result<(), Failure> {
        let mut outgoing = outgoing.messages().map(Frame::Message).peekable();
        let mut incoming = incoming.messages().peekable();
        let mut pongs = VecDeque::new();
        let mut dirty = false;
        let _waiting = self.waits.note(self.name, "frames and room for frames");
        poll_fn(|cx| {
            while !pongs.is_empty() || outgoing.peek().is_some() {
                if self.poll(cx, Duplex::poll_ready, "room for a frame")?.is_pending() {
                    break;
                }
                let frame = pongs.pop_front().or_else(|| outgoing.next());
                if let Some(frame) = frame {
                    self.start(frame)?;
                    dirty = true;
                }
            }
            if dirty && self.poll(cx, Duplex::poll_flush, "a flush")?.is_ready() {
                dirty = false;
            }
            while let Some(expected) = incoming.peek() {
                match self.io.poll_recv(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(Frame::Ping(payload)))) => {
                        if !self.capabilities.answers_pings {
                            pongs.push_back(Frame::Pong(payload));
                            cx.waker().wake_by_ref();
                        }
                    }
                    Poll::Ready(Some(Ok(Frame::Pong(_)))) => {}
                    Poll::Ready(received) => {
                        self.check(expected, &received)?;
                        incoming.next();
                    }
                }
            }
            if dirty || outgoing.peek().is_some() { Poll::Pending } else { Poll::Ready(Ok(())) }
        })
        .await
    }

    /// Sends a close, and takes part in the closing until the stream ends.
    pub(crate) async fn close(&mut self, close: Close) -> Result<Ending, Failure> {
        self.put(Frame::Close(close)).await?;
        let mut ending = Ending::default();
        self.finish(&mut ending).await?;
        Ok(ending)
    }

    /// Receives until the end; closes this side too once the peer has.
    pub(crate) async fn until_end(&mut self) -> Result<Ending, Failure> {
        let mut ending = Ending::default();
        while ending.add(self.recv().await) {
            if ending.close.is_some() {
                self.finish(&mut ending).await?;
                break;
            }
        }
        Ok(ending)
    }

    /// Sends a message of the row and receives what is there, in turn, until the other end closes; then closes too. That
    /// sending fails is no failure yet: receiving tells why.
    pub(crate) async fn send_until_closed(&mut self, row: Row) -> Result<Ending, Failure> {
        let mut ending = Ending::default();
        let mut outgoing = row.messages();
        let waiting = self.waits.note(self.name, "a close, between its own messages");
        let closed = poll_fn(|cx| {
            if let Poll::Ready(Ok(())) = self.io.poll_ready(cx)
                && let Some(message) = outgoing.next()
                && self.io.start_send(message.into()).is_ok()
            {
                cx.waker().wake_by_ref();
            }
            let _ = self.io.poll_flush(cx);
            while let Poll::Ready(received) = self.io.poll_recv(cx) {
                if !ending.add(received) || ending.close.is_some() {
                    return Poll::Ready(ending.close.is_some());
                }
            }
            Poll::Pending
        });
        if closed.await {
            drop(waiting);
            self.finish(&mut ending).await?;
        }
        Ok(ending)
    }

    /// Closes and receives at once, as a driver does after a close was sent or received.
    pub(crate) async fn finish(&mut self, ending: &mut Ending) -> Result<(), Failure> {
        let (mut closed, mut ended) = (false, false);
        let _waiting = self.waits.note(self.name, "the end of the closing");
        poll_fn(|cx| {
            closed = closed || self.poll(cx, Duplex::poll_close, "to close")?.is_ready();
            while !ended {
                match self.io.poll_recv(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(received) => ended = !ending.add(received),
                }
            }
            if closed { Poll::Ready(Ok(())) } else { Poll::Pending }
        })
        .await
    }

    /// Sends and receives until the connection breaks, in whichever direction that shows.
    pub(crate) async fn until_broken(&mut self, message: &Message) -> Ending {
        let mut ending = Ending::default();
        let _waiting = self.waits.note(self.name, "the connection to break");
        poll_fn(|cx| {
            while let Poll::Ready(received) = self.io.poll_recv(cx) {
                if !ending.add(received) {
                    return Poll::Ready(());
                }
            }
            let sent = match self.io.poll_ready(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Ok(())) => Poll::Ready(self.io.start_send(message.clone().into())),
                failed @ Poll::Ready(Err(_)) => failed,
            };
            let flushed = self.io.poll_flush(cx);
            match (sent, flushed) {
                (Poll::Ready(Err(error)), _) | (_, Poll::Ready(Err(error))) => {
                    ending.error = Some(error);
                    return Poll::Ready(());
                }
                (Poll::Ready(Ok(())), _) => cx.waker().wake_by_ref(),
                (Poll::Pending, _) => {}
            }
            Poll::Pending
        })
        .await;
        ending
    }

    pub(crate) fn got(
        &self,
        expected: impl std::fmt::Display,
        received: &Option<Result<Frame, Error>>,
    ) -> Failure {
        Failure::new(self.name, expected, describe(received))
    }

    pub(crate) fn failed(&self, expected: &str, error: &Error) -> Failure {
        Failure::new(self.name, expected, format_args!("the error {error:?}"))
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        method: fn(&mut BoxDuplex, &mut Context<'_>) -> Poll<Result<(), Error>>,
        expected: &str,
    ) -> Result<Poll<()>, Failure> {
        match method(&mut self.io, cx) {
            Poll::Pending => Ok(Poll::Pending),
            Poll::Ready(Ok(())) => Ok(Poll::Ready(())),
            Poll::Ready(Err(error)) => Err(self.failed(expected, &error)),
        }
    }
}
