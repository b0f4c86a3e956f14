//! What goes wrong with closing.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Close, Duplex, Error, ErrorKind, Frame};

use crate::caught;
use crate::fault::{Buffer, Done, Fault, OnSend, Received, broken};

caught! {
    a_close_ends_both_directions: broken(ClosesTwice::default),
    close_codes_and_reasons_arrive: broken(|| closes_with(|_| Some(Close::normal()))),
    a_long_reason_is_cut_between_characters: broken(|| closes_with(refuses_long_reasons)),
    what_was_sent_before_a_close_arrives: broken(LosesOnClose::default),
    closing_waits_for_nobody: broken(WaitsForTheAnswer::default),
    closing_without_a_close_ends_the_stream: broken(|| NeverCloses),
    a_close_reaches_a_peer_that_is_sending: broken(HangsUp::default),
    both_ends_close_at_once: broken(HearsNoSecondClose::default),
}

const DONE: Done = Poll::Ready(Ok(()));

fn closes_with(close: impl Fn(Close) -> Option<Close> + Send + 'static) -> impl Fault {
    OnSend(move |io: &mut BoxDuplex, frame: Frame| match frame {
        Frame::Close(asked) => match close(asked) {
            Some(close) => io.start_send(Frame::Close(close)),
            None => Err(Error::new(ErrorKind::TooLarge)),
        },
        frame => io.start_send(frame),
    })
}

fn refuses_long_reasons(close: Close) -> Option<Close> {
    (close.reason.len() <= Close::MAX_REASON).then_some(close)
}

/// Hands up the peer's close twice.
#[derive(Default)]
struct ClosesTwice(Option<Close>);

impl Fault for ClosesTwice {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        if let Some(again) = self.0.take() {
            return Poll::Ready(Some(Ok(Frame::Close(again))));
        }
        let received = io.poll_recv(cx);
        if let Poll::Ready(Some(Ok(Frame::Close(close)))) = &received {
            self.0 = Some(close.clone());
        }
        received
    }
}

/// Forgets to flush before it closes.
#[derive(Default)]
struct LosesOnClose(Buffer);

impl Fault for LosesOnClose {
    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        match frame {
            Frame::Close(_) => io.start_send(frame),
            frame => {
                self.0.0.push_back(frame);
                Ok(())
            }
        }
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        self.0.poll_drain(io, cx)
    }
}

/// Sends closes, but ends nothing.
struct NeverCloses;

impl Fault for NeverCloses {
    fn close(&mut self, _: &mut BoxDuplex, _: &mut Context<'_>) -> Done {
        DONE
    }
}

/// Closes when the peer has.
#[derive(Default)]
struct WaitsForTheAnswer(bool);

impl Fault for WaitsForTheAnswer {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        let received = io.poll_recv(cx);
        self.0 |= matches!(received, Poll::Ready(Some(Ok(Frame::Close(_))) | None));
        received
    }

    fn close(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        ready!(io.poll_close(cx))?;
        if self.0 { DONE } else { Poll::Pending }
    }
}

/// Reads nothing any more after it has closed; and does not read what came before its sending
/// failed.
#[derive(Default)]
struct HangsUp {
    hung_up: bool,
    failed: bool,
}

impl Fault for HangsUp {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        if self.failed {
            return Poll::Ready(Some(Err(Error::new(ErrorKind::Io))));
        }
        if self.hung_up { Poll::Ready(None) } else { io.poll_recv(cx) }
    }

    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        let ready = io.poll_ready(cx);
        self.failed |= matches!(ready, Poll::Ready(Err(_)));
        ready
    }

    fn close(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        self.hung_up = true;
        io.poll_close(cx)
    }
}

/// Takes any close that comes after its own for the answer, and keeps it to itself.
#[derive(Default)]
struct HearsNoSecondClose(bool);

impl Fault for HearsNoSecondClose {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        match ready!(io.poll_recv(cx)) {
            Some(Ok(Frame::Close(_))) if self.0 => io.poll_recv(cx),
            other => Poll::Ready(other),
        }
    }

    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.0 |= matches!(frame, Frame::Close(_));
        io.start_send(frame)
    }
}
