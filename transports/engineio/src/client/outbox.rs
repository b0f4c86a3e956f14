//! What waits to be sent.

use std::collections::VecDeque;

use plimsoll::Close;

use crate::codec::Packet;

/// What waits to be sent, by whichever transport. Its owner sees to the bound.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    packets: VecDeque<Packet>,
    size: usize,
    /// What comes after all packets.
    close: Option<Close>,
}

impl Outbox {
    pub(super) fn push(&mut self, packet: Packet) {
        self.size += cost(&packet);
        self.packets.push_back(packet);
    }

    /// Takes the next packet.
    pub(super) fn pop(&mut self) -> Option<Packet> {
        let packet = self.packets.pop_front()?;
        self.size -= cost(&packet);
        if self.packets.is_empty() {
            self.packets = VecDeque::new();
        }
        Some(packet)
    }

    /// Gives back what was taken.
    pub(super) fn put_back(&mut self, packet: Packet) {
        self.size += cost(&packet);
        self.packets.push_front(packet);
    }

    /// Ends with a close.
    pub(super) fn set_close(&mut self, close: Close) {
        self.close = Some(close);
    }

    /// Takes the close, if no packet is before it.
    pub(super) fn take_close(&mut self) -> Option<Close> {
        if self.packets.is_empty() { self.close.take() } else { None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty() && self.close.is_none()
    }

    /// How much memory the packets take, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

fn cost(packet: &Packet) -> usize {
    let len = match packet {
        Packet::Message(message) => message.len(),
        Packet::Open(text) | Packet::Ping(text) | Packet::Pong(text) => text.len(),
        Packet::Close | Packet::Upgrade | Packet::Noop => 0,
    };
    size_of::<Packet>() + len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_what_is_in_it() {
        let mut outbox = Outbox::default();
        outbox.push(Packet::Message("".into()));
        let empty = outbox.size();
        assert!(empty > 0, "empty messages are bounded too");
        outbox.push(Packet::Message("12345".into()));
        assert_eq!(outbox.size(), 2 * empty + 5);
        outbox.set_close(Close::normal());
        assert_eq!(outbox.take_close(), None);
        let packet = outbox.pop().unwrap();
        outbox.put_back(packet.clone());
        assert_eq!((outbox.pop(), outbox.size()), (Some(packet), empty + 5));
        outbox.pop();
        assert_eq!((outbox.size(), outbox.is_empty()), (0, false));
        assert_eq!(outbox.take_close(), Some(Close::normal()));
        assert!(outbox.is_empty());
    }
}
