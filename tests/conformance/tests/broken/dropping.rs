//! What goes wrong when an end is dropped.

use std::task::{Context, Poll};

use plimsoll::{BoxDuplex, Close, Duplex, Error, Frame, Message};

use crate::caught;
use crate::fault::{Buffer, Done, Fault, OnSend, Received, broken};
use crate::flush::KeepsTheLast;

caught! {
    a_drop_ends_the_connection_without_a_close: broken(|| SaysGoodbye),
    what_was_flushed_before_a_drop_arrives: broken(KeepsTheLast::default),
    a_drop_tears_no_message: broken(Tears::default),
    a_drop_ends_a_peer_that_is_sending: broken(|| HidesTheEnd),
    dropping_both_ends_frees_what_was_between: broken(|| OnSend(leaks)),
}

fn leaks(io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
    std::mem::forget(frame.clone());
    io.start_send(frame)
}

/// Closes in order when it is dropped.
struct SaysGoodbye;

impl Fault for SaysGoodbye {
    fn dropped(&mut self, io: &mut BoxDuplex) {
        let _ = io.start_send(Frame::Close(Close::normal()));
    }
}

/// Sends as much as a half of what waits when it is dropped.
#[derive(Default)]
struct Tears(Buffer);

impl Fault for Tears {
    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        if self.0.0.len() < 8 { Poll::Ready(Ok(())) } else { self.0.poll_drain(io, cx) }
    }

    fn send(&mut self, _: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.0.0.push_back(frame);
        Ok(())
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        self.0.poll_drain(io, cx)
    }

    fn dropped(&mut self, io: &mut BoxDuplex) {
        if let Some(Frame::Message(message)) = self.0.0.pop_front() {
            let text = message.as_text().unwrap_or_default();
            let _ = io.start_send(Message::from(&text[..text.len() / 2]).into());
        }
    }
}

/// Waits forever for a peer that is gone.
pub(crate) struct HidesTheEnd;

impl Fault for HidesTheEnd {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        match io.poll_recv(cx) {
            Poll::Ready(None) => Poll::Pending,
            received => received,
        }
    }

    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        match io.poll_ready(cx) {
            Poll::Ready(Err(_)) => Poll::Pending,
            ready => ready,
        }
    }
}
