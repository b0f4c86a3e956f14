//! What goes wrong when nobody reads.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker, ready};

use plimsoll::{BoxDuplex, Duplex, Error, Frame};

use crate::caught;
use crate::dropping::HidesTheEnd;
use crate::fault::{Buffer, Done, Fault, OnReady, Received, broken};
use crate::order::HalfDuplex;

caught! {
    a_stalled_reader_holds_its_writer_back: broken(|| Buffers::when(|_| true)),
    what_is_not_flushed_is_bounded_too: broken(|| Buffers::when(|buffer| !buffer.stuck)),
    empty_messages_are_bounded_too: broken(|| Buffers::when(|buffer| buffer.payload < 65_536)),
    a_reader_takes_nothing_ahead_without_bound: broken(ReadsAhead::default),
    a_writer_that_waits_is_woken: broken(|| OnReady(wakes_nobody)),
    a_stalled_direction_does_not_stall_the_other: broken(HalfDuplex::default),
    a_close_waits_its_turn_behind_a_stalled_reader: broken(|| {
        Buffers { urgent_close: true, ..Buffers::when(|buffer| buffer.frames.0.len() < 25) }
    }),
    a_drop_ends_a_writer_that_waits: broken(|| HidesTheEnd),
}

fn wakes_nobody(io: &mut BoxDuplex, _: &mut Context<'_>) -> Done {
    io.poll_ready(&mut Context::from_waker(Waker::noop()))
}

/// Has a buffer of its own.
struct Buffers {
    frames: Buffer,
    /// Whether the last flush could not end.
    stuck: bool,
    /// What was sent since the last flush that ended, in bytes.
    payload: usize,
    has_room: fn(&Self) -> bool,
    /// A close makes what waits worthless.
    urgent_close: bool,
}

impl Buffers {
    fn when(has_room: fn(&Self) -> bool) -> Self {
        Self { frames: Buffer::default(), stuck: false, payload: 0, has_room, urgent_close: false }
    }
}

impl Fault for Buffers {
    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        if (self.has_room)(self) {
            return Poll::Ready(Ok(()));
        }
        let _ = self.flush(io, cx)?;
        if (self.has_room)(self) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn send(&mut self, _: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        if self.urgent_close && matches!(frame, Frame::Close(_)) {
            self.frames.0.clear();
        }
        if let Frame::Message(message) = &frame {
            self.payload += message.len();
        }
        self.frames.0.push_back(frame);
        Ok(())
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        let flushed = self.frames.poll_drain(io, cx);
        self.stuck = flushed.is_pending();
        if !self.stuck {
            self.payload = 0;
        }
        flushed
    }

    fn close(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        ready!(self.flush(io, cx))?;
        io.poll_close(cx)
    }
}

/// Takes in all that there is at once.
#[derive(Default)]
struct ReadsAhead(VecDeque<Option<Result<Frame, Error>>>);

impl Fault for ReadsAhead {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        while !matches!(self.0.back(), Some(None | Some(Err(_)))) {
            let Poll::Ready(received) = io.poll_recv(cx) else { break };
            self.0.push_back(received);
        }
        self.0.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}
