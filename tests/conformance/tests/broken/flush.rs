//! What goes wrong with flushing.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Duplex, Error, Frame};

use crate::caught;
use crate::fault::{Buffer, Done, Fault, broken};

caught! {
    a_flushed_message_arrives_without_the_sender: broken(KeepsTheLast::default),
    flushed_messages_arrive_without_the_sender: broken(FlushesWhatFits::default),
    a_flush_with_nothing_to_do_is_ready: broken(WaitsForSomething::default),
    asking_for_room_twice_changes_nothing: broken(ReservesRoom::default),
}

/// Holds a frame until the next comes.
#[derive(Default)]
pub(crate) struct KeepsTheLast(Option<Frame>);

impl Fault for KeepsTheLast {
    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        let before = self.0.replace(frame);
        before.map_or(Ok(()), |frame| io.start_send(frame))
    }
}

/// Says that all is flushed when there is no more room.
#[derive(Default)]
struct FlushesWhatFits(Buffer);

impl Fault for FlushesWhatFits {
    fn ready(&mut self, _: &mut BoxDuplex, _: &mut Context<'_>) -> Done {
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, _: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.0.0.push_back(frame);
        Ok(())
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        let _ = self.0.poll_drain(io, cx)?;
        Poll::Ready(Ok(()))
    }
}

/// Waits in a flush until something is sent.
#[derive(Default)]
struct WaitsForSomething(bool);

impl Fault for WaitsForSomething {
    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.0 = true;
        io.start_send(frame)
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        if std::mem::take(&mut self.0) { io.poll_flush(cx) } else { Poll::Pending }
    }
}

/// Gives the only room to whoever asks first.
#[derive(Default)]
struct ReservesRoom(bool);

impl Fault for ReservesRoom {
    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        if self.0 {
            return Poll::Pending;
        }
        ready!(io.poll_ready(cx))?;
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        self.0 = false;
        io.start_send(frame)
    }
}
