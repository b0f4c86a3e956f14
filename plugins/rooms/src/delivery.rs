//! What became of a message.

use plimsoll::{ErrorKind, Message, Sender, SlowPolicy};

/// What became of a message for many, of those that are connected to this process.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// How many members will get it: it is in their outbox.
    pub sent: usize,
    /// How many stay members without it: their outbox was full, or their transport cannot carry
    /// binary messages.
    pub dropped: usize,
    /// How many are closed: they were before, or are now because they are too slow.
    pub closed: usize,
}

impl Delivery {
    pub(crate) fn count(&mut self, member: &Sender, message: Message, policy: SlowPolicy) {
        let count = match member.send_or(message, policy).map_err(|error| error.kind()) {
            Ok(true) => &mut self.sent,
            Err(ErrorKind::Close | ErrorKind::SlowConsumer) => &mut self.closed,
            Ok(false) | Err(_) => &mut self.dropped,
        };
        *count += 1;
    }
}
