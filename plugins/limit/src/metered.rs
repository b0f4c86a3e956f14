//! The data path of a connection whose rates are limited.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use http::StatusCode;
use plimsoll::{BoxDuplex, Duplex, Error, Frame, Reject};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::bucket::Bucket;
use crate::refusal::Refusal;
use crate::{RateLimit, RatePolicy};

/// Counts what comes in, and waits, drops or fails when it is too much.
///
/// Not a [`Filter`](plimsoll::Filter), which cannot stop reading.
pub(crate) struct Metered {
    io: BoxDuplex,
    meters: Meters,
    policy: RatePolicy,
    /// Read and paid for on credit; handed up once nothing is owed.
    held: Option<Frame>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom to wake if the wait ends before its time.
    waiting: Option<Waker>,
    /// When the present batch of frames began: cheaper than to look at the clock for each.
    now: Option<Instant>,
    /// This side has sent its close: what still comes is thrown away above, and the peer's
    /// close should come soon.
    closing: bool,
}

impl Metered {
    pub(crate) fn new(io: BoxDuplex, limit: &RateLimit) -> Self {
        let meters = Meters::new(limit, Instant::now());
        let policy = limit.policy;
        Self {
            io,
            meters,
            policy,
            held: None,
            timer: None,
            waiting: None,
            now: None,
            closing: false,
        }
    }

    /// How long until `frame` may pass.
    fn wait(&mut self, frame: &Frame) -> Duration {
        let batch = *self.now.get_or_insert_with(Instant::now);
        let wait = self.meters.wait(frame, batch);
        if wait.is_zero() {
            return wait;
        }
        let now = *self.now.insert(Instant::now());
        self.meters.wait(frame, now)
    }

    /// Waits until nothing is owed.
    fn poll_debt(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let now = Instant::now();
            let debt = self.meters.debt(now);
            if debt.is_zero() || self.closing {
                return Poll::Ready(Ok(()));
            }
            let end = now + debt;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if timer.deadline() != end {
                timer.as_mut().reset(end);
            }
            if timer.as_mut().poll(cx).is_pending() {
                self.waiting = Some(cx.waker().clone());
                // While nothing is read, only this keeps the timers below going.
                let _ = self.io.poll_flush(cx)?;
                return Poll::Pending;
            }
        }
    }
}

impl Duplex for Metered {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            if self.held.is_some() {
                ready!(self.poll_debt(cx))?;
                return Poll::Ready(self.held.take().map(Ok));
            }
            let Poll::Ready(received) = self.io.poll_recv(cx)? else {
                self.now = None;
                return Poll::Pending;
            };
            let Some(frame) = received else { return Poll::Ready(None) };
            if self.closing {
                return Poll::Ready(Some(Ok(frame)));
            }
            let wait = self.wait(&frame);
            if wait.is_zero() {
                self.meters.spend(&frame);
                return Poll::Ready(Some(Ok(frame)));
            }
            match self.policy {
                RatePolicy::Close => {
                    let status = StatusCode::TOO_MANY_REQUESTS;
                    let reject = Reject::from(Refusal { status, reason: "too fast", wait });
                    return Poll::Ready(Some(Err(reject.into())));
                }
                RatePolicy::Delay => {
                    self.meters.spend(&frame);
                    self.held = Some(frame);
                }
                RatePolicy::Drop => {}
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        if matches!(frame, Frame::Close(_)) {
            self.closing = true;
            self.waiting.take().into_iter().for_each(Waker::wake);
        }
        self.io.start_send(frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.poll_close(cx)
    }
}

/// The buckets of one connection.
struct Meters {
    messages: Option<Bucket>,
    bytes: Option<Bucket>,
    control: Bucket,
}

impl Meters {
    fn new(limit: &RateLimit, now: Instant) -> Self {
        let full = |rate| Bucket::full(rate, now);
        Self {
            messages: limit.messages.map(full),
            bytes: limit.bytes.map(full),
            control: full(limit.control),
        }
    }

    fn wait(&mut self, frame: &Frame, now: Instant) -> Duration {
        let waits = self.costs(frame).map(|(bucket, tokens)| bucket.wait(tokens, now));
        waits.max().unwrap_or_default()
    }

    fn spend(&mut self, frame: &Frame) {
        self.costs(frame).for_each(|(bucket, tokens)| bucket.spend(tokens));
    }

    fn debt(&mut self, now: Instant) -> Duration {
        let Self { messages, bytes, control } = self;
        let buckets = messages.iter_mut().chain(bytes).chain([control]);
        buckets.map(|bucket| bucket.wait(0, now)).max().unwrap_or_default()
    }

    /// What a frame costs, and where. A close costs nothing.
    fn costs(&mut self, frame: &Frame) -> impl Iterator<Item = (&mut Bucket, u64)> {
        let costs = match frame {
            Frame::Message(message) => [
                self.messages.as_mut().map(|bucket| (bucket, 1)),
                self.bytes.as_mut().map(|bucket| (bucket, message.len() as u64)),
            ],
            Frame::Ping(_) | Frame::Pong(_) => [Some((&mut self.control, 1)), None],
            _ => [None, None],
        };
        costs.into_iter().flatten()
    }
}
