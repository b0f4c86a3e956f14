//! Cancellation at every await.

use std::task::{Context, Poll};

use futures::task::noop_waker_ref;
use plimsoll::{BoxDuplex, Duplex, Error, Frame};

use super::end::End;

impl End {
    /// Has each wait begun and given up before it is waited for, at most `times` times.
    pub(crate) fn restless(self, step: Step, times: usize) -> Self {
        Self { io: Box::new(Restless { io: self.io, step, times, turn: 0 }), ..self }
    }
}

/// Which method is polled and given up.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Step {
    Close,
    Flush,
    Ready,
    Recv,
    All,
}

/// A duplex whose caller changes its mind: each poll is preceded by some whose waker leads
/// nowhere, as when a future was polled, dropped, and made anew in another task.
struct Restless {
    io: BoxDuplex,
    step: Step,
    times: usize,
    turn: usize,
}

impl Restless {
    fn given_up<T>(
        &mut self,
        step: Step,
        poll: impl Fn(&mut BoxDuplex, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if self.step == step || self.step == Step::All {
            let nowhere = &mut Context::from_waker(noop_waker_ref());
            self.turn = (self.turn + 1) % (self.times + 1);
            for _ in 0..self.turn {
                if let ready @ Poll::Ready(_) = poll(&mut self.io, nowhere) {
                    return ready;
                }
            }
        }
        Poll::Pending
    }
}

impl Duplex for Restless {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        match self.given_up(Step::Recv, Duplex::poll_recv) {
            Poll::Pending => self.io.poll_recv(cx),
            ready @ Poll::Ready(_) => ready,
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.given_up(Step::Ready, Duplex::poll_ready) {
            Poll::Pending => self.io.poll_ready(cx),
            ready @ Poll::Ready(_) => ready,
        }
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.io.start_send(frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.given_up(Step::Flush, Duplex::poll_flush) {
            Poll::Pending => self.io.poll_flush(cx),
            ready @ Poll::Ready(_) => ready,
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.given_up(Step::Close, Duplex::poll_close) {
            Poll::Pending => self.io.poll_close(cx),
            ready @ Poll::Ready(_) => ready,
        }
    }
}
