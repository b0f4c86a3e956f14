use std::collections::VecDeque;

use plimsoll::{Close, Message};

/// What waits to be sent. Its owner sees to the bound.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Message>,
    size: usize,
    /// What comes after all messages.
    close: Option<Close>,
}

impl Outbox {
    pub(super) fn push(&mut self, message: Message) {
        self.size += cost(&message);
        self.messages.push_back(message);
    }

    /// Takes the next message.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.size -= cost(&message);
        if self.messages.is_empty() {
            self.messages = VecDeque::new();
        }
        Some(message)
    }

    /// Takes as many messages as go together.
    pub(super) fn batch(&mut self) -> Vec<Message> {
        let mut batch = Vec::new();
        let mut size = 0;
        while let Some(next) = self.messages.front() {
            size += cost(next);
            if !batch.is_empty() && size > MAX_BATCH {
                break;
            }
            batch.extend(self.pop());
        }
        batch
    }

    /// Ends with a close.
    pub(super) fn set_close(&mut self, close: Close) {
        self.close = Some(close);
    }

    /// Takes the close, if no message is before it.
    pub(super) fn take_close(&mut self) -> Option<Close> {
        if self.messages.is_empty() { self.close.take() } else { None }
    }

    /// Whether a close is next.
    pub(super) fn has_close(&self) -> bool {
        self.messages.is_empty() && self.close.is_some()
    }

    /// Whether there are no messages.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How much memory the messages take, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

fn cost(message: &Message) -> usize {
    size_of::<Message>() + message.len()
}

/// How much goes together, in bytes: as JSON, which makes up to six bytes of one, less than what
/// a server of this crate takes at once.
const MAX_BATCH: usize = 40 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_together_is_bounded() {
        let mut outbox = Outbox::default();
        let lengths = [0, 1, 30_000, 30_000, 50_000, 2];
        for length in lengths {
            outbox.push(Message::from("x".repeat(length)));
        }
        outbox.set_close(Close::normal());
        assert_eq!(outbox.take_close(), None);
        let mut batches = Vec::new();
        while !outbox.is_empty() {
            batches.push(outbox.batch().iter().map(Message::len).collect::<Vec<_>>());
        }
        assert_eq!(batches, [vec![0, 1, 30_000], vec![30_000], vec![50_000], vec![2]]);
        assert_eq!(outbox.size(), 0);
        assert_eq!(outbox.take_close(), Some(Close::normal()));
    }
}
