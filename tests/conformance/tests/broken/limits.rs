//! What goes wrong with what is not carried.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Capabilities, Duplex, Error, ErrorKind, Frame, Liveness};

use crate::fault::{Fault, OnSend, Received, broken, broken_with};
use crate::{OVER_LIMIT, caught};

caught! {
    binary_is_refused_as_unsupported: broken_with(TEXT_ONLY, || OnSend(loses_binary)),
    a_refused_message_harms_no_other: broken_with(TEXT_ONLY, RefusesForGood::default),
    pings_that_are_not_carried_harm_nothing: broken_with(NO_PINGS, || OnSend(fails_on_pings)),
    a_message_over_the_limit_is_refused: broken(|| Sound),
    a_reader_that_fails_can_say_why: broken(FailsForGood::default),
}

const TEXT_ONLY: Capabilities = Capabilities::FULL.with_binary(false);
const NO_PINGS: Capabilities = Capabilities::FULL.with_liveness(Liveness::None);

fn loses_binary(io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
    match frame {
        Frame::Message(message) if message.is_binary() => Ok(()),
        frame => io.start_send(frame),
    }
}

fn fails_on_pings(io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
    match frame {
        Frame::Ping(_) => Err(Error::new(ErrorKind::Io)),
        frame => io.start_send(frame),
    }
}

/// Has no limit, where one was promised.
struct Sound;

impl Fault for Sound {}

/// Sends nothing any more after it has refused a message.
#[derive(Default)]
struct RefusesForGood(bool);

impl Fault for RefusesForGood {
    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.0 |= matches!(&frame, Frame::Message(message) if message.is_binary());
        if self.0 { Err(Error::new(ErrorKind::Unsupported)) } else { io.start_send(frame) }
    }
}

/// Sends nothing any more after receiving has failed.
#[derive(Default)]
struct FailsForGood(bool);

impl Fault for FailsForGood {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        match ready!(io.poll_recv(cx)) {
            Some(Ok(Frame::Message(message))) if message.len() >= OVER_LIMIT => {
                self.0 = true;
                Poll::Ready(Some(Err(Error::new(ErrorKind::TooLarge))))
            }
            other => Poll::Ready(other),
        }
    }

    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        if self.0 { Ok(()) } else { io.start_send(frame) }
    }
}
