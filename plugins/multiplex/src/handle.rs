//! One channel as its holder sees it.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::HeaderMap;
use plimsoll::{Close, CloseCode, Duplex, Error, ErrorKind, Frame, Message, Reject};

use crate::dialect::{Packet, Response};
use crate::entry::{Phase, cost};
use crate::shared::Shared;
use crate::table::Table;

/// Holds a channel, and gives it up when it is dropped.
pub(crate) struct Handle {
    shared: Arc<Shared>,
    number: usize,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>, number: usize) -> Self {
        Self { shared, number }
    }

    /// The peer's answer to an opening.
    pub(crate) fn poll_answer(&self, cx: &mut Context<'_>) -> Poll<Result<Response, Error>> {
        self.shared.with(|table| table.poll_answer(self.number, cx))
    }

    /// Lets in what the peer opened.
    pub(crate) fn accept(&self, protocol: Option<String>, headers: HeaderMap) -> Result<(), Error> {
        self.shared.with(|table| table.accept(self.number, protocol, headers))
    }

    /// Turns away what the peer opened.
    pub(crate) fn refuse(&self, reject: Reject) {
        self.shared.with(|table| table.refuse(self.number, reject));
    }
}

impl Duplex for Handle {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.shared.with(|table| table.poll_recv(self.number, cx))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.shared.with(|table| table.poll_ready(self.number, cx))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.shared.with(|table| match frame {
            Frame::Message(message) => table.send(self.number, message),
            Frame::Close(close) => table.end(self.number, Packet::Close(close)),
            // Whether the peer lives is a matter of the connection beneath.
            _ => Ok(()),
        })
    }

    /// Ready at once: the connection's driver sends by itself.
    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.shared.with(|table| {
            // Fails if this side has ended the channel before.
            let _ = match table.unanswered_close(self.number) {
                Some(code) => table.end(self.number, Packet::Close(Close::new(code, ""))),
                None => table.end(self.number, Packet::End),
            };
        });
        Poll::Ready(Ok(()))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.with(|table| table.abandon(self.number));
    }
}

impl Table {
    fn poll_recv(&mut self, number: usize, cx: &Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let window = self.options.window as usize;
        let Some(entry) = self.entries.get_mut(number) else { return Poll::Ready(None) };
        if let Some(frame) = entry.inbound.pop() {
            if !self.full.is_empty() && entry.inbound.bytes < window && self.full.remove(&number) {
                self.woken.extend(self.driver.take());
            }
            if self.dialect().is_own() {
                self.schedule(number);
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        if entry.inbound.ended {
            return Poll::Ready(entry.inbound.error.take().map(Err));
        }
        wait(&mut entry.inbound.reader, cx);
        Poll::Pending
    }

    fn poll_ready(&mut self, number: usize, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        let Some(entry) = self.entries.get_mut(number) else { return Poll::Ready(Err(closed())) };
        if entry.outbound.ended || entry.inbound.ended {
            return Poll::Ready(Err(closed()));
        }
        if entry.outbound.credit > 0 && entry.outbound.bytes < self.options.window as usize {
            return Poll::Ready(Ok(()));
        }
        wait(&mut entry.outbound.writer, cx);
        Poll::Pending
    }

    pub(crate) fn send(&mut self, number: usize, message: Message) -> Result<(), Error> {
        let (dialect, binary) = (self.dialect(), self.binary);
        let Some(entry) = self.entries.get_mut(number) else { return Err(closed()) };
        if entry.outbound.ended {
            return Err(closed());
        }
        let granted = cost(&message);
        let Some(message) = dialect.encode(&entry.key, Packet::Message(message), binary)? else {
            return Ok(());
        };
        if message.len() > self.options.max_message {
            let message = "a message with its header is longer than `max_message`";
            return Err(Error::with_message(ErrorKind::TooLarge, message));
        }
        if dialect.is_own() {
            entry.outbound.credit -= i64::try_from(granted).unwrap_or(i64::MAX);
        }
        let waiting = cost(&message);
        entry.outbound.push(message, waiting);
        self.schedule(number);
        Ok(())
    }

    /// The code of the peer's close, if it has not been answered.
    fn unanswered_close(&mut self, number: usize) -> Option<CloseCode> {
        self.entries.get_mut(number)?.inbound.close.take()
    }

    /// Says no more after `last`.
    fn end(&mut self, number: usize, last: Packet) -> Result<(), Error> {
        let (dialect, binary) = (self.dialect(), self.binary);
        let Some(entry) = self.entries.get_mut(number) else { return Err(closed()) };
        if std::mem::replace(&mut entry.outbound.ended, true) {
            return Err(closed());
        }
        if let Some(last) = dialect.encode(&entry.key, last, binary)? {
            entry.outbound.push(last, 0);
        }
        if !dialect.is_own() {
            entry.inbound.ended = true; // there is no answer
        }
        self.schedule(number);
        self.wake(number);
        self.settle(number);
        Ok(())
    }

    /// Nobody holds the channel any more.
    pub(crate) fn abandon(&mut self, number: usize) {
        let Some(entry) = self.entries.get_mut(number) else { return };
        entry.abandoned = true;
        entry.inbound.clear();
        if matches!(entry.phase, Phase::Asked) {
            self.refuse(number, Reject::unavailable("nobody has taken the channel", 1));
        }
        // Fails if this side has ended the channel before.
        let _ = self.end(number, Packet::End);
        self.settle(number);
        if self.full.remove(&number) {
            self.woken.extend(self.driver.take());
        }
    }
}

pub(crate) fn wait(waiting: &mut Option<Waker>, cx: &Context<'_>) {
    if !waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *waiting = Some(cx.waker().clone());
    }
}

pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Close)
}
