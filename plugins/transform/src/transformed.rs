//! A connection whose messages are transformed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, ready};

use futures::FutureExt;
use futures::future::{BoxFuture, CatchUnwind};
use plimsoll::{BoxDuplex, Duplex, Error, ErrorKind, Frame, Message};

use crate::transform::{Outcome, Step};

pub(crate) struct Transformed {
    io: BoxDuplex,
    inbound: Option<Lane>,
    outbound: Option<Lane>,
}

impl Transformed {
    pub(crate) fn new(io: BoxDuplex, inbound: Option<Step>, outbound: Option<Step>) -> Self {
        Self { io, inbound: inbound.map(Lane::new), outbound: outbound.map(Lane::new) }
    }

    /// Waits until nothing is in the outbound step, and hands on what comes out of it.
    fn poll_outbound(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(lane) = &mut self.outbound else { return Poll::Ready(Ok(())) };
        ready!(lane.poll_step(cx))?;
        if lane.done.is_some() {
            ready!(self.io.poll_ready(cx))?;
            if let Some(message) = lane.done.take() {
                self.io.start_send(message.into())?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Receives a frame as it came. After the peer's last nothing can reach it any more.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let frame = ready!(self.io.poll_recv(cx)?);
        if matches!(frame, Some(Frame::Close(_)) | None)
            && let Some(lane) = &mut self.outbound
        {
            lane.end();
        }
        Poll::Ready(frame.map(Ok))
    }
}

impl Duplex for Transformed {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            if let Some(lane) = &mut self.inbound {
                ready!(lane.poll_step(cx))?;
                if let Some(message) = lane.done.take() {
                    return Poll::Ready(Some(Ok(message.into())));
                }
            }
            match (ready!(self.poll_frame(cx)?), &mut self.inbound) {
                (Some(Frame::Message(message)), Some(lane)) => lane.start(message)?,
                (frame, _) => return Poll::Ready(frame.map(Ok)),
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_outbound(cx))?;
        self.io.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        match (&mut self.outbound, frame) {
            (Some(lane), Frame::Message(message)) => lane.start(message),
            (_, frame) => self.io.start_send(frame),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_outbound(cx))?;
        self.io.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_outbound(cx))?;
        self.io.poll_close(cx)
    }
}

/// The messages of one direction: at most one is in the step, or has come out of it.
struct Lane {
    step: Step,
    running: Option<CatchUnwind<AssertUnwindSafe<BoxFuture<'static, Outcome>>>>,
    done: Option<Message>,
    /// A step has failed, or there is nobody to send to: no step is called again, and what follows
    /// is swallowed.
    ended: bool,
}

impl Lane {
    fn new(step: Step) -> Self {
        Self { step, running: None, done: None, ended: false }
    }

    fn start(&mut self, message: Message) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        let started = catch_unwind(AssertUnwindSafe(|| (self.step)(message)));
        self.ended = started.is_err();
        self.running = Some(AssertUnwindSafe(started.map_err(panicked)?).catch_unwind());
        Ok(())
    }

    /// Runs the step to its end.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(running) = &mut self.running else { return Poll::Ready(Ok(())) };
        let outcome = ready!(running.poll_unpin(cx)).map_err(panicked).and_then(|outcome| outcome);
        self.running = None;
        self.ended = outcome.is_err();
        self.done = outcome?;
        Poll::Ready(Ok(()))
    }

    /// Drops what is in the step, or has come out of it.
    fn end(&mut self) {
        (self.running, self.done, self.ended) = (None, None, true);
    }
}

fn panicked<T>(_: T) -> Error {
    Error::with_message(ErrorKind::Internal, "a transform panicked")
}
