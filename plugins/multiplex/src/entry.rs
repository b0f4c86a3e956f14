//! One channel: what waits in each direction, and how far it is from its end. No I/O.

use std::collections::VecDeque;
use std::task::Waker;

use plimsoll::{CloseCode, Error, ErrorKind, Frame, Message, Reject};

use crate::dialect::{Key, Response};

/// One channel of a connection.
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) phase: Phase,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    /// Nobody holds the channel here any more.
    pub(crate) abandoned: bool,
}

/// How far the opening is.
pub(crate) enum Phase {
    /// The peer has asked, and has not been answered.
    Asked,
    /// The peer was asked.
    Asking,
    /// The peer said yes; nobody here knows yet.
    Accepted(Response),
    /// The peer said no.
    Refused(Reject),
    Open,
}

impl Entry {
    pub(crate) fn new(key: Key, phase: Phase) -> Self {
        Self {
            key,
            phase,
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            abandoned: false,
        }
    }

    /// Whether neither side says any more.
    pub(crate) fn is_over(&self) -> bool {
        self.inbound.ended && self.outbound.ended && self.outbound.queue.is_empty()
    }

    /// Neither side says any more, and what waited to be sent is not.
    pub(crate) fn end_both(&mut self) {
        self.inbound.ended = true;
        self.outbound.ended = true;
        self.outbound.clear();
    }

    /// How many bytes the peer should be granted now, if it is worth a message.
    pub(crate) fn credit_due(&self, window: u32) -> Option<u32> {
        let open = !self.inbound.ended && !self.outbound.ended && !self.abandoned;
        (open && self.inbound.due > 0 && self.inbound.due >= window / 2).then_some(self.inbound.due)
    }

    pub(crate) fn has_outgoing(&self, window: u32) -> bool {
        !self.outbound.queue.is_empty() || self.credit_due(window).is_some()
    }
}

/// What comes from the peer.
#[derive(Default)]
pub(crate) struct Inbound {
    pub(crate) queue: VecDeque<Frame>,
    /// What waits in the queue, in bytes.
    pub(crate) bytes: usize,
    /// How much more the peer may send, in bytes. It may be exceeded by one message.
    pub(crate) granted: i64,
    /// What was read since the peer was last granted something, in bytes.
    pub(crate) due: u32,
    /// The peer says no more.
    pub(crate) ended: bool,
    /// What comes after the queue.
    pub(crate) error: Option<Error>,
    /// The code of the peer's close, once it was read, until it is answered.
    pub(crate) close: Option<CloseCode>,
    pub(crate) reader: Option<Waker>,
}

impl Inbound {
    pub(crate) fn push(&mut self, message: Message) {
        self.bytes += cost(&message);
        self.queue.push_back(message.into());
    }

    pub(crate) fn pop(&mut self) -> Option<Frame> {
        let frame = self.queue.pop_front()?;
        match &frame {
            Frame::Message(message) => {
                let cost = cost(message);
                self.bytes -= cost;
                self.due = self.due.saturating_add(u32::try_from(cost).unwrap_or(u32::MAX));
            }
            Frame::Close(close) => self.close = Some(close.code),
            _ => {}
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
        Some(frame)
    }

    pub(crate) fn clear(&mut self) {
        self.queue = VecDeque::new();
        self.bytes = 0;
    }
}

/// What goes to the peer.
#[derive(Default)]
pub(crate) struct Outbound {
    pub(crate) queue: VecDeque<Outgoing>,
    /// What waits in the queue, in bytes.
    pub(crate) bytes: usize,
    /// How much more the peer takes, in bytes. It may be exceeded by one message.
    pub(crate) credit: i64,
    /// How much the peer takes at most, in bytes.
    pub(crate) window: u32,
    /// This side says no more once the queue is empty.
    pub(crate) ended: bool,
    /// The channel waits for its turn.
    pub(crate) in_turn: bool,
    pub(crate) writer: Option<Waker>,
}

/// A message of the connection beneath, and how much of the channel's room it takes, in bytes.
pub(crate) struct Outgoing {
    pub(crate) message: Message,
    pub(crate) cost: usize,
}

impl Outbound {
    pub(crate) fn push(&mut self, message: Message, cost: usize) {
        self.bytes += cost;
        self.queue.push_back(Outgoing { message, cost });
    }

    pub(crate) fn pop(&mut self) -> Option<Message> {
        let Outgoing { message, cost } = self.queue.pop_front()?;
        self.bytes -= cost;
        Some(message)
    }

    pub(crate) fn clear(&mut self) {
        self.queue = VecDeque::new();
        self.bytes = 0;
    }

    /// Takes the peer's word for how much more it takes.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Protocol`] if that is more than its window.
    pub(crate) fn grant(&mut self, bytes: u32) -> Result<(), Error> {
        self.credit += i64::from(bytes);
        if self.credit > i64::from(self.window) {
            let message = "a channel was granted more than its window";
            return Err(Error::with_message(ErrorKind::Protocol, message));
        }
        Ok(())
    }
}

/// What a message takes of a window, in bytes.
pub(crate) fn cost(message: &Message) -> usize {
    message.len() + OVERHEAD
}

/// What a message counts beside its payload, in bytes, so that empty ones are bounded too.
pub(crate) const OVERHEAD: usize = 64;
/// How many frames an empty queue keeps room for.
const KEPT: usize = 64;
