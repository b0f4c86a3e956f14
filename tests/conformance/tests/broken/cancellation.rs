//! What goes wrong when a wait is given up.

use std::task::{Context, Poll, Waker, ready};

use plimsoll::{BoxDuplex, Duplex, Error, Frame};

use crate::caught;
use crate::fault::{Buffer, Done, Fault, Received, broken};
use crate::wakers::WakesTheFirst;

caught! {
    giving_up_a_receive_loses_nothing: broken(ReceivesFor::default),
    giving_up_the_wait_for_room_loses_nothing: broken(WakesTheFirst::default),
    giving_up_a_flush_loses_nothing: broken(FlushesAnew::default),
    giving_up_a_close_loses_nothing: broken(ClosesAtTheSecondAttempt::default),
    giving_up_everything_loses_nothing: broken(ReceivesFor::default),
}

/// Receives for the task that asked first, in two steps, and begins anew for another.
#[derive(Default)]
struct ReceivesFor(Option<(Waker, Frame)>);

impl Fault for ReceivesFor {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        match self.0.take() {
            Some((waker, frame)) if waker.will_wake(cx.waker()) => Poll::Ready(Some(Ok(frame))),
            Some(_) | None => match ready!(io.poll_recv(cx)) {
                Some(Ok(frame)) => {
                    self.0 = Some((cx.waker().clone(), frame));
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                other => Poll::Ready(other),
            },
        }
    }
}

/// Gives up the frame at which the last flush stopped.
#[derive(Default)]
struct FlushesAnew {
    frames: Buffer,
    stopped: bool,
}

impl Fault for FlushesAnew {
    fn ready(&mut self, _: &mut BoxDuplex, _: &mut Context<'_>) -> Done {
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, _: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.frames.0.push_back(frame);
        Ok(())
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        if std::mem::take(&mut self.stopped) && io.poll_ready(cx).is_pending() {
            self.frames.0.pop_front();
        }
        let flushed = self.frames.poll_drain(io, cx);
        self.stopped = flushed.is_pending();
        flushed
    }
}

/// Flushes in the first attempt to close only.
#[derive(Default)]
struct ClosesAtTheSecondAttempt {
    frames: Buffer,
    attempted: bool,
}

impl Fault for ClosesAtTheSecondAttempt {
    fn send(&mut self, _: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.frames.0.push_back(frame);
        Ok(())
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        self.frames.poll_drain(io, cx)
    }

    fn close(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        if !std::mem::replace(&mut self.attempted, true) {
            ready!(self.flush(io, cx))?;
        }
        io.poll_close(cx)
    }
}
