//! What goes wrong with pings and pongs.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Capabilities, Duplex, Error, ErrorKind, Frame};

use crate::caught;
use crate::fault::{Fault, OnRecv, OnSend, broken, broken_with};

caught! {
    a_ping_is_answered_with_its_payload: broken_with(ANSWERS, || OnSend(BoxDuplex::start_send)),
    pings_go_between_messages: broken(OverwrittenByPings::default),
    of_many_pings_the_last_is_answered: broken(|| loses_pings_after(1000)),
    an_unasked_pong_harms_nothing: broken(|| OnRecv(fails_on_pongs)),
}

/// A lie.
const ANSWERS: Capabilities = Capabilities::FULL.with_answers_pings(true);

fn loses_pings_after(mut count: usize) -> impl Fault {
    OnSend(move |io: &mut BoxDuplex, frame: Frame| {
        if matches!(frame, Frame::Ping(_)) {
            if count == 0 {
                return Ok(());
            }
            count -= 1;
        }
        io.start_send(frame)
    })
}

fn fails_on_pongs(io: &mut BoxDuplex, cx: &mut Context<'_>) -> crate::fault::Received {
    match ready!(io.poll_recv(cx)) {
        Some(Ok(Frame::Pong(_))) => Poll::Ready(Some(Err(Error::new(ErrorKind::Protocol)))),
        other => Poll::Ready(other),
    }
}

/// Has one place for what waits to be flushed, and puts pings there.
#[derive(Default)]
struct OverwrittenByPings(Option<Frame>);

impl Fault for OverwrittenByPings {
    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        match self.0.replace(frame) {
            Some(before) if !matches!(self.0, Some(Frame::Ping(_))) => io.start_send(before),
            Some(_) | None => Ok(()),
        }
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> crate::fault::Done {
        if let Some(frame) = self.0.take() {
            io.start_send(frame)?;
        }
        io.poll_flush(cx)
    }
}
