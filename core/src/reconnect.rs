//! A connection that comes back.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use crate::{
    BoxDuplex, Close, Connected, Dial, Dialer, Duplex, Error, ErrorKind, Frame, LinkState,
    LinkStatus, Reject,
};

/// How long to wait before each attempt to connect again.
///
/// Each wait is drawn between zero and a ceiling, so that clients that lost the same server do
/// not come back at the same moment; [`Jitter`] knows another way. The ceiling doubles with each
/// attempt that fails. Where the server asked for a delay ([`Close::retry_after`], or `Retry-After`), the
/// wait is that delay and up to half of it more.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Backoff {
    /// The ceiling for the first attempt. Default: 500 ms.
    pub first: Duration,
    /// The highest ceiling, and the longest delay that a server may ask for. Default: 20 s.
    pub max: Duration,
    /// How many attempts in a row may fail before it gives up; `None` goes on forever. Default:
    /// `None`.
    pub attempts: Option<u32>,
    /// What chance does to a wait. Default: [`Jitter::Full`].
    pub jitter: Jitter,
}

/// What chance does to the waits of a [`Backoff`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Jitter {
    /// Each is drawn between zero and its ceiling.
    #[default]
    Full,
    /// The first is its ceiling; each that follows is drawn between its ceiling and twice that,
    /// and at most [`Backoff::max`].
    Longer,
}

impl Backoff {
    /// Sets the ceiling for the first attempt.
    #[must_use]
    pub fn first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// Sets the highest ceiling.
    #[must_use]
    pub fn max(mut self, max: Duration) -> Self {
        self.max = max;
        self
    }

    /// Sets how many attempts in a row may fail.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Sets what chance does to a wait.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.first.is_zero() {
            return Err(Error::config("Backoff::first", "must be longer than zero"));
        }
        if self.max < self.first {
            return Err(Error::config("Backoff::max", "must not be shorter than `first`"));
        }
        Ok(())
    }

    fn wait(&self, failed: u32, asked: Option<Duration>) -> Duration {
        match asked {
            Some(asked) => asked.min(self.max).mul_f64(1.0 + 0.5 * fastrand::f64()),
            None => {
                let ceiling = self.first.saturating_mul(2_u32.saturating_pow(failed));
                let ceiling = ceiling.min(self.max);
                let drawn = ceiling.mul_f64(fastrand::f64());
                match self.jitter {
                    Jitter::Full => drawn,
                    Jitter::Longer if failed == 0 => ceiling,
                    Jitter::Longer => ceiling.saturating_add(drawn).min(self.max),
                }
            }
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            max: Duration::from_secs(20),
            attempts: None,
            jitter: Jitter::default(),
        }
    }
}

/// A [`Duplex`] that opens a new connection when the last one is lost.
pub(crate) struct Reconnect {
    dialer: Dialer,
    dial: Dial,
    backoff: Backoff,
    failed: u32,
    /// This side asked for the end.
    closing: bool,
    /// Nothing can be sent over the last connection, for this reason; it may still have something
    /// to read, above all the peer's close, which says whether to come back.
    broken: Option<Broken>,
    state: State,
    status: watch::Sender<LinkState>,
}

struct Broken {
    error: Error,
    /// It was looked at before, and nobody has read meanwhile.
    overdue: bool,
}

enum State {
    Open(BoxDuplex),
    /// The last connection, if there is one, gets this time to end in order.
    Wait(Pin<Box<Sleep>>, Option<BoxDuplex>),
    Connect(BoxFuture<'static, Result<Connected, Error>>),
}

impl Reconnect {
    pub(crate) fn new(
        dialer: Dialer,
        dial: Dial,
        backoff: Backoff,
        io: BoxDuplex,
    ) -> (Self, LinkStatus) {
        let (status, receiver) = watch::channel(LinkState::Open);
        let state = State::Open(io);
        let failed = 0;
        let (closing, broken) = (false, None);
        let this = Self { dialer, dial, backoff, failed, closing, broken, state, status };
        (this, LinkStatus(receiver))
    }

    /// Waits for a connection.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            match &mut self.state {
                State::Open(_) => return Poll::Ready(Ok(())),
                State::Wait(timer, parting) => {
                    if parting.as_mut().is_some_and(|io| io.poll_close(cx).is_ready()) {
                        *parting = None;
                    }
                    ready!(timer.as_mut().poll(cx));
                    let (dialer, dial) = (self.dialer.clone(), self.dial.clone());
                    self.state = State::Connect(Box::pin(async move { dialer.open(dial).await }));
                    self.status.send_replace(LinkState::Connecting { attempt: self.failed });
                }
                State::Connect(attempt) => match ready!(attempt.as_mut().poll(cx)) {
                    Ok(Connected { io, .. }) => {
                        self.failed = 0;
                        self.state = State::Open(io);
                        self.status.send_replace(LinkState::Open);
                        // Whoever polled: nobody has yet looked whether it has something to read.
                        cx.waker().wake_by_ref();
                    }
                    Err(error) => self.lost(error, None)?,
                },
            }
        }
    }

    /// Goes on to the next attempt, or gives up with the error.
    fn lost(&mut self, error: Error, close: Option<&Close>) -> Result<(), Error> {
        self.broken = None;
        let given_up = self.backoff.attempts.is_some_and(|attempts| self.failed >= attempts);
        if self.closing || given_up || !may_retry(&error, close) {
            let error = Arc::new(error);
            if !self.closing {
                self.status.send_replace(LinkState::GaveUp(Arc::clone(&error)));
            }
            return Err(Error::with_source(error.kind(), GaveUp(error)));
        }
        let asked = close.and_then(Close::retry_delay).or_else(|| error.reject()?.retry_delay());
        let delay = self.backoff.wait(self.failed, asked);
        self.failed = self.failed.saturating_add(1);
        let wait = State::Wait(Box::pin(sleep(delay)), None);
        let last = std::mem::replace(&mut self.state, wait);
        if let (State::Open(io), State::Wait(_, parting)) = (last, &mut self.state) {
            *parting = close.map(|_| io);
        }
        let (reason, attempt) = (Arc::new(error), self.failed);
        self.status.send_replace(LinkState::Waiting { reason, attempt, delay });
        Ok(())
    }

    /// Goes on to the next attempt for an error of the sending side, unless there is one already.
    fn broke(&mut self, error: Error) {
        self.broken.get_or_insert(Broken { error, overdue: false });
    }

    fn io(&mut self) -> Option<&mut BoxDuplex> {
        match &mut self.state {
            State::Open(io) => Some(io),
            State::Wait(..) | State::Connect(_) => None,
        }
    }
}

impl Duplex for Reconnect {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            if self.closing && self.io().is_none() {
                return Poll::Ready(None);
            }
            ready!(self.poll_open(cx))?;
            let Some(io) = self.io() else { continue };
            let Poll::Ready(received) = io.poll_recv(cx) else {
                let Some(Broken { error, .. }) = self.broken.take() else { return Poll::Pending };
                self.lost(error, None)?;
                continue;
            };
            match received {
                Some(Ok(Frame::Close(close))) => {
                    if self.closing || !close.code.may_reconnect() {
                        self.status.send_replace(LinkState::Closed(close.clone()));
                        return Poll::Ready(Some(Ok(Frame::Close(close))));
                    }
                    let error = Error::with_message(ErrorKind::Close, close.to_string());
                    self.lost(error, Some(&close))?;
                }
                Some(Ok(frame)) => return Poll::Ready(Some(Ok(frame))),
                Some(Err(error)) => self.lost(error, None)?,
                None if self.closing => return Poll::Ready(None),
                None => self.lost(Error::new(ErrorKind::Close), None)?,
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            if self.closing && self.io().is_none() {
                return Poll::Ready(Err(Error::new(ErrorKind::Close)));
            }
            ready!(self.poll_open(cx))?;
            if self.broken.is_some() {
                // The reader decides.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(io) = self.io() else { continue };
            match ready!(io.poll_ready(cx)) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(error) => self.broke(error),
            }
        }
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        if let Frame::Close(close) = &frame {
            self.closing = true;
            self.status.send_replace(LinkState::Closed(close.clone()));
        }
        let Some(io) = self.io() else { return Ok(()) };
        io.start_send(frame).or_else(|error| {
            self.broke(error);
            Ok(())
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.broken {
            Some(broken) if !broken.overdue => {
                broken.overdue = true;
                cx.waker().wake_by_ref();
            }
            // The application does not read, so nor does anybody else.
            Some(_) => {
                if let Some(Broken { error, .. }) = self.broken.take() {
                    self.lost(error, None)?;
                }
            }
            None => {
                if let Some(io) = self.io()
                    && let Err(error) = ready!(io.poll_flush(cx))
                {
                    self.broke(error);
                    cx.waker().wake_by_ref();
                }
            }
        }
        if self.io().is_none() {
            // Nothing is left to flush, but the task has to wake for the next attempt.
            let _ = self.poll_open(cx)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.closing = true;
        match self.io() {
            Some(io) => io.poll_close(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Whether another attempt can succeed: not after a deliberate refusal, nor where the
/// configuration is wrong.
fn may_retry(error: &Error, close: Option<&Close>) -> bool {
    match error.kind() {
        ErrorKind::Rejected => error.reject().is_some_and(Reject::may_retry),
        ErrorKind::Config | ErrorKind::Unsupported => false,
        _ => close.is_none_or(|close| close.code.may_reconnect()),
    }
}

/// The reason for which a connection was given up, shared with [`LinkState::GaveUp`].
#[derive(Debug)]
struct GaveUp(Arc<Error>);

impl std::error::Error for GaveUp {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("gave up connecting again")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wait_is_known_where_chance_only_makes_waits_longer() {
        let backoff = Backoff::default().max(Duration::from_secs(3)).jitter(Jitter::Longer);
        assert_eq!(backoff.wait(0, None), Duration::from_millis(500));
        for _ in 0..100 {
            let second = backoff.wait(1, None);
            assert!(second >= Duration::from_secs(1) && second <= Duration::from_secs(2));
            assert_eq!(backoff.wait(40, None), Duration::from_secs(3));
        }
    }

    #[test]
    fn the_longest_wait_there_is_overflows_nothing() {
        for jitter in [Jitter::Full, Jitter::Longer] {
            let backoff = Backoff::default().max(Duration::MAX).jitter(jitter);
            assert!(backoff.wait(u32::MAX, None) <= Duration::MAX);
        }
    }
}
