//! What goes wrong with wakers.

use std::task::{Context, Poll, Waker};

use plimsoll::{BoxDuplex, Duplex};

use crate::caught;
use crate::fault::{Fault, OnRecv, Received, broken};

caught! {
    a_waiting_reader_is_woken: broken(|| OnRecv(wakes_nobody)),
    a_reader_that_moved_to_another_task_is_woken: broken(WakesTheFirst::default),
    a_waiting_reader_is_woken_by_the_end: broken(|| OnRecv(never_ends)),
}

fn wakes_nobody(io: &mut BoxDuplex, _: &mut Context<'_>) -> Received {
    io.poll_recv(&mut Context::from_waker(Waker::noop()))
}

fn never_ends(io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
    match io.poll_recv(cx) {
        Poll::Ready(None) => Poll::Pending,
        received => received,
    }
}

/// Keeps the first waker that it is given.
#[derive(Default)]
pub(crate) struct WakesTheFirst {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Fault for WakesTheFirst {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        let first = self.reader.get_or_insert_with(|| cx.waker().clone());
        io.poll_recv(&mut Context::from_waker(first))
    }

    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> crate::fault::Done {
        let first = self.writer.get_or_insert_with(|| cx.waker().clone());
        io.poll_ready(&mut Context::from_waker(first))
    }
}
