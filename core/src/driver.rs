//! The one task that polls a connection.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::inbox;
use crate::outbox::Outgoing;
use crate::shared::Shared;
use crate::signal::Signal;
use crate::{BoxDuplex, Close, CloseCode, Duplex, Error, Frame, Message};

/// Moves frames between a connection and the queues of its [`Socket`](crate::Socket).
///
/// Local work comes first: what is queued goes out before more is read, all of it with one
/// flush; and nothing is read while the application has too much unread, nor when it was the
/// application that woke the task.
pub(crate) struct Driver {
    io: BoxDuplex,
    /// Tells whether it was `io` that woke the task.
    signal: Signal,
    /// `io` may have more to read.
    may_read: bool,
    shared: Arc<Shared>,
    close_timeout: Duration,
    state: State,
    /// Ends a close that the peer does not answer.
    timer: Option<Pin<Box<Sleep>>>,
    /// Taken from the outbox, not yet taken by `io`.
    outgoing: VecDeque<Outgoing>,
    /// Read from `io`, not yet in the inbox.
    incoming: VecDeque<Message>,
    /// How much may be read before the inbox is asked again, in bytes.
    credit: usize,
    /// The answer to the peer's last ping; earlier ones need none.
    pong: Option<Frame>,
    answers_pings: bool,
    /// `io` has frames that were not flushed.
    dirty: bool,
    /// `io` has nothing more to read.
    read_ended: bool,
}

enum State {
    Open,
    /// The peer is to be told of an error, after the application had a turn: it may answer what
    /// came before.
    Failed(Close),
    /// What is queued goes out first, then the close.
    Draining(Close),
    /// The close has been handed over, or the peer's has come.
    Closing(Close),
    Closed,
}

impl Driver {
    pub(crate) fn new(io: BoxDuplex, shared: Arc<Shared>, close_timeout: Duration) -> Self {
        let answers_pings = !shared.info.capabilities().answers_pings;
        Self {
            io,
            signal: Signal::default(),
            may_read: true,
            shared,
            close_timeout,
            state: State::Open,
            timer: None,
            outgoing: VecDeque::new(),
            incoming: VecDeque::new(),
            credit: 0,
            pong: None,
            answers_pings,
            dirty: false,
            read_ended: false,
        }
    }

    fn poll_io(&mut self, cx: &mut Context<'_>) -> Poll<Close> {
        loop {
            if let Poll::Ready(close) = self.poll_deadline(cx) {
                return Poll::Ready(close);
            }
            match &self.state {
                State::Open => {
                    if let Some(close) = self.shared.requested_close().cloned() {
                        self.begin_close(State::Draining(close));
                        continue;
                    }
                    let sent = self.poll_outbound(cx);
                    let unanswered = self.pong.is_some();
                    // Read after a failed write too: the peer's close may say why.
                    match (self.poll_inbound(cx), sent) {
                        (Poll::Ready(Ok(close)), _) => self.begin_close(State::Closing(close)),
                        (Poll::Ready(Err(error)), _) | (Poll::Pending, Poll::Ready(Err(error))) => {
                            let Some(close) = self.fail(error) else {
                                return Poll::Ready(abnormal());
                            };
                            self.state = State::Failed(close);
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                        (Poll::Pending, _) if self.pong.is_some() && !unanswered => {}
                        (Poll::Pending, _) => return Poll::Pending,
                    }
                }
                State::Failed(close) => {
                    let close = close.clone();
                    self.begin_close(State::Draining(close));
                }
                State::Draining(close) => {
                    let close = close.clone();
                    if ready!(self.poll_drained(cx, &close)) {
                        self.state = State::Closing(close);
                    } else {
                        return Poll::Ready(close);
                    }
                }
                State::Closing(close) => {
                    let sent = self.io.poll_close(cx);
                    // What the peer still sends is not wanted any more, only its end.
                    while !self.read_ended {
                        self.read_ended = !matches!(ready!(self.io.poll_recv(cx)), Some(Ok(_)));
                    }
                    let _ = ready!(sent);
                    return Poll::Ready(close.clone());
                }
                State::Closed => return Poll::Ready(abnormal()),
            }
        }
    }

    /// Sends what is queued, then the close. Ready with false if the close cannot be sent.
    fn poll_drained(&mut self, cx: &mut Context<'_>, close: &Close) -> Poll<bool> {
        // Two full peers would wait for each other if none read while it drains.
        if !self.read_ended {
            match self.poll_inbound(cx) {
                Poll::Pending => {}
                // It was the peer's close, which waits for nothing but an answer.
                Poll::Ready(Ok(_)) if !self.read_ended => return Poll::Ready(true),
                Poll::Ready(_) => self.read_ended = true,
            }
        }
        if self.shared.is_aborted() || ready!(self.poll_outbound(cx)).is_err() {
            self.pong = None;
            self.outgoing.clear();
            self.shared.outbox.clear();
        }
        let sent = ready!(self.io.poll_ready(cx))
            .and_then(|()| self.io.start_send(Frame::Close(close.clone())));
        Poll::Ready(sent.is_ok())
    }

    /// Ready if the connection must end now, whatever is still to be done.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<Close> {
        let (State::Draining(close) | State::Closing(close)) = &self.state else {
            return match self.shared.is_killed() {
                true => Poll::Ready(abnormal()),
                false => Poll::Pending,
            };
        };
        let timer = self.timer.as_mut().map(|timer| timer.as_mut().poll(cx));
        if self.shared.is_killed() || timer.is_some_and(|timer| timer.is_ready()) {
            return Poll::Ready(close.clone());
        }
        Poll::Pending
    }

    /// Writes what is queued. Ready once no more can be queued and all has gone out.
    fn poll_outbound(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut released = 0;
        let written = self.poll_write(cx, &mut released);
        self.shared.outbox.release(released);
        let all_written = match written {
            Poll::Ready(result) => {
                result?;
                true
            }
            Poll::Pending => false,
        };
        // With no room to read into, only this keeps the timers below going.
        if self.dirty || self.credit == 0 {
            ready!(self.io.poll_flush(cx))?;
            self.dirty = false;
        }
        if all_written { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, released: &mut u32) -> Poll<Result<(), Error>> {
        loop {
            if self.pong.is_none() && self.outgoing.is_empty() {
                self.shared.outbox.take(&mut self.outgoing);
                if self.outgoing.is_empty() {
                    let done = self.shared.outbox.is_closed();
                    return if done { Poll::Ready(Ok(())) } else { Poll::Pending };
                }
            }
            ready!(self.io.poll_ready(cx))?;
            let frame = match self.pong.take() {
                Some(pong) => pong,
                None => match self.outgoing.pop_front() {
                    Some(outgoing) => {
                        *released = released.saturating_add(outgoing.cost());
                        Frame::Message(outgoing.message)
                    }
                    None => continue,
                },
            };
            self.dirty = true;
            self.io.start_send(frame)?;
        }
    }

    /// Reads while the application has room. Ready at the end of the connection.
    fn poll_inbound(&mut self, cx: &mut Context<'_>) -> Poll<Result<Close, Error>> {
        let end = self.poll_read(cx);
        if !self.incoming.is_empty() {
            self.shared.inbox.deliver(&mut self.incoming);
        }
        end
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Close, Error>> {
        loop {
            if self.credit == 0 {
                if !self.incoming.is_empty() {
                    self.shared.inbox.deliver(&mut self.incoming);
                }
                self.credit = self.shared.inbox.room();
                if self.credit == 0 {
                    let _ = self.io.poll_flush(cx)?;
                    return Poll::Pending;
                }
            }
            if !self.may_read {
                return Poll::Pending;
            }
            let Poll::Ready(received) = self.io.poll_recv(cx)? else {
                self.may_read = false;
                return Poll::Pending;
            };
            match received {
                Some(Frame::Message(message)) => {
                    self.credit = self.credit.saturating_sub(inbox::cost(&message));
                    self.incoming.push_back(message);
                }
                Some(Frame::Ping(payload)) if self.answers_pings => {
                    self.pong = Some(Frame::Pong(payload));
                }
                Some(Frame::Ping(_) | Frame::Pong(_)) => {}
                Some(Frame::Close(close)) => return Poll::Ready(Ok(close)),
                None => {
                    self.read_ended = true;
                    return Poll::Ready(Ok(abnormal()));
                }
            }
        }
    }

    fn begin_close(&mut self, state: State) {
        self.shared.outbox.close();
        self.state = state;
        let timeout = self.close_timeout;
        self.timer.get_or_insert_with(|| Box::pin(sleep(timeout)));
    }

    /// Tells the application of an error; returns what to tell the peer, if it can be reached.
    fn fail(&mut self, error: Error) -> Option<Close> {
        self.read_ended = true;
        let close = error.close();
        self.shared.inbox.finish(Some(error));
        close
    }
}

/// Runs until the connection is closed.
impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.register_driver(cx);
        let waker = self.signal.waker(cx);
        self.may_read |= self.signal.take();
        let close = ready!(self.poll_io(&mut Context::from_waker(&waker)));
        self.state = State::Closed;
        self.shared.finish(close);
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.finish(abnormal());
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

const fn abnormal() -> Close {
    Close { code: CloseCode::ABNORMAL, reason: crate::Text::from_static("") }
}
