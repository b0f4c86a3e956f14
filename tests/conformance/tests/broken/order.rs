//! What goes wrong with messages.

use std::task::{Context, Poll};

use plimsoll::{BoxDuplex, Duplex, Error, Frame, Message};

use crate::caught;
use crate::fault::{Buffer, Done, Fault, OnSend, broken};

caught! {
    a_message_arrives: broken(|| loses(|_| true)),
    messages_arrive_once_and_in_order: broken(Reorders::default),
    boundaries_are_kept: broken(Merges::default),
    kinds_are_kept: broken(|| changes(|message| Message::from(text_of(&message)))),
    empty_messages_arrive: broken(|| loses(Message::is_empty)),
    empty_binary_messages_arrive: broken(|| loses(|lost| lost.is_binary() && lost.is_empty())),
    text_keeps_every_character: broken(|| changes(|message| match message.as_text() {
        Some(text) => Message::from(text.trim()),
        None => message,
    })),
    binary_keeps_every_byte: broken(|| changes(|message| match message.as_text() {
        Some(_) => message,
        None => Message::binary(text_of(&message).into_bytes()),
    })),
    large_messages_arrive: broken(|| loses(|message| message.len() >= 64 * 1024)),
    many_messages_go_both_ways_at_once: broken(HalfDuplex::default),
}

#[tokio::test(start_paused = true)]
async fn messages_that_arrive_twice_are_noticed() {
    let twice = |io: &mut BoxDuplex, frame: Frame| {
        io.start_send(frame.clone())?;
        io.start_send(frame)
    };
    crate::expect_failure("messages_arrive_once_and_in_order", || broken(|| OnSend(twice))).await;
}

fn loses(lost: impl Fn(&Message) -> bool + Copy + Send + 'static) -> impl Fault {
    OnSend(move |io: &mut BoxDuplex, frame| match frame {
        Frame::Message(message) if lost(&message) => Ok(()),
        frame => io.start_send(frame),
    })
}

fn changes(change: impl Fn(Message) -> Message + Send + 'static) -> impl Fault {
    OnSend(move |io: &mut BoxDuplex, frame| match frame {
        Frame::Message(message) => io.start_send(change(message).into()),
        frame => io.start_send(frame),
    })
}

fn text_of(message: &Message) -> String {
    String::from_utf8_lossy(message.as_bytes()).into_owned()
}

/// Sends what waited for a flush last come, first served.
#[derive(Default)]
struct Reorders(Buffer);

impl Fault for Reorders {
    fn send(&mut self, _: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.0.0.push_front(frame);
        Ok(())
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        self.0.poll_drain(io, cx)
    }
}

/// Sends what waited for a flush as one message.
#[derive(Default)]
struct Merges(String);

impl Fault for Merges {
    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        match frame {
            Frame::Message(message) => {
                self.0.push_str(&text_of(&message));
                Ok(())
            }
            frame => io.start_send(frame),
        }
    }

    fn flush(&mut self, io: &mut BoxDuplex, _: &mut Context<'_>) -> Done {
        if !self.0.is_empty() {
            io.start_send(std::mem::take(&mut self.0).into())?;
        }
        Poll::Ready(Ok(()))
    }
}

/// Does not read while it cannot write.
#[derive(Default)]
pub(crate) struct HalfDuplex(bool);

impl Fault for HalfDuplex {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> crate::fault::Received {
        if self.0 { Poll::Pending } else { io.poll_recv(cx) }
    }

    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        let ready = io.poll_ready(cx);
        self.0 = ready.is_pending();
        ready
    }
}
