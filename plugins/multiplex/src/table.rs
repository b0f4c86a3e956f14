//! All channels of one connection, and what the peer says of them. No I/O.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::task::Waker;

use plimsoll::{Close, Error, ErrorKind, Frame, Message, Reject};
use slab::Slab;

use crate::dialect::{Dialect, Key, Packet, Request};
use crate::entry::{Entry, Phase, cost};
use crate::multiplex::{Multiplex, Overflow};

/// All channels of one connection.
pub(crate) struct Table {
    pub(crate) options: Multiplex,
    pub(crate) side: Side,
    /// Whether the connection carries binary messages.
    pub(crate) binary: bool,
    pub(crate) entries: Slab<Entry>,
    /// Which entry a message of the peer is for. An entry that is over has no route.
    pub(crate) routes: HashMap<Key, usize>,
    /// The last ids that were used.
    pub(crate) last_ours: i64,
    last_theirs: i64,
    /// What the peer opened and nobody has taken.
    pub(crate) arrivals: VecDeque<(usize, Request)>,
    /// Who has something to send, in the order of their turns.
    pub(crate) turns: VecDeque<usize>,
    /// Answers to openings for which there is no entry.
    pub(crate) refusals: VecDeque<(Key, Reject)>,
    /// The channels that hold up all others until they are read.
    pub(crate) full: HashSet<usize>,
    /// The connection is over: what it has received is the last, and is read in any case.
    pub(crate) last_words: bool,
    /// This side wants the connection closed.
    pub(crate) closing: Option<Close>,
    pub(crate) ended: bool,
    pub(crate) acceptor: Option<Waker>,
    pub(crate) driver: Option<Waker>,
    /// To be woken once nothing is locked.
    pub(crate) woken: Vec<Waker>,
}

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    /// The one that accepted the connection.
    Acceptor,
    /// The one that connected.
    Connector,
}

/// How the connection ended.
pub(crate) enum Ending {
    Close(Close),
    Failed(Error),
    /// Without a close.
    Lost,
}

impl Table {
    pub(crate) fn new(options: Multiplex, side: Side, binary: bool) -> Self {
        // The one that connected has the odd numbers.
        let (last_ours, last_theirs) = match side {
            Side::Acceptor => (0, -1),
            Side::Connector => (-1, 0),
        };
        Self {
            options,
            side,
            binary,
            entries: Slab::new(),
            routes: HashMap::new(),
            last_ours,
            last_theirs,
            arrivals: VecDeque::new(),
            turns: VecDeque::new(),
            refusals: VecDeque::new(),
            full: HashSet::new(),
            last_words: false,
            closing: None,
            ended: false,
            acceptor: None,
            driver: None,
            woken: Vec::new(),
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.options.dialect
    }

    /// Takes in a message of the connection.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Protocol`] if it breaks the protocol.
    pub(crate) fn receive(&mut self, message: Message) -> Result<(), Error> {
        let Some((key, packet)) = self.dialect().decode(message)? else { return Ok(()) };
        let Some(&number) = self.routes.get(&key) else {
            return self.receive_for_nobody(key, packet);
        };
        let Some(entry) = self.entries.get_mut(number) else { return Ok(()) };
        match packet {
            Packet::Message(message) => self.deliver(number, message)?,
            Packet::Open(_) if !self.options.dialect.is_own() => {}
            Packet::Accept(response) if matches!(entry.phase, Phase::Asking) => {
                entry.outbound.window = response.window;
                entry.outbound.credit = response.window.into();
                entry.inbound.granted = self.options.window.into();
                entry.phase = Phase::Accepted(response);
            }
            Packet::Refuse(reject) if matches!(entry.phase, Phase::Asking) => {
                entry.phase = Phase::Refused(reject);
                entry.end_both();
            }
            Packet::Close(_) | Packet::End if matches!(entry.phase, Phase::Asking) => {
                return Err(protocol("a channel is closed before it is open"));
            }
            Packet::Close(close) => {
                if !entry.inbound.ended && !entry.abandoned {
                    entry.inbound.queue.push_back(Frame::Close(close));
                }
                self.end_inbound(number);
            }
            Packet::End => self.end_inbound(number),
            Packet::Credit(bytes) => entry.outbound.grant(bytes)?,
            Packet::Accept(_) | Packet::Open(_) | Packet::Refuse(_) => {
                return Err(protocol("a channel is opened, or its opening answered, twice"));
            }
        }
        self.wake(number);
        self.settle(number);
        Ok(())
    }

    /// The connection is over, or about to be closed by this side.
    pub(crate) fn finish(&mut self, ending: &Ending) {
        if self.ended {
            return;
        }
        self.ended = true;
        let numbers: Vec<_> = self.entries.iter().map(|(number, _)| number).collect();
        for number in numbers {
            if let Some(entry) = self.entries.get_mut(number) {
                match ending {
                    _ if entry.inbound.ended || entry.abandoned => {}
                    Ending::Close(close) => {
                        entry.inbound.queue.push_back(Frame::Close(close.clone()));
                    }
                    Ending::Failed(error) => {
                        let error = Error::with_message(error.kind(), "in the connection beneath");
                        entry.inbound.error = Some(error);
                    }
                    Ending::Lost => {}
                }
                entry.inbound.ended = true;
                entry.outbound.ended = true;
            }
            self.wake(number);
        }
        self.woken.extend(self.acceptor.take());
        self.woken.extend(self.driver.take());
    }

    /// Nothing more goes out.
    pub(crate) fn clear_outgoing(&mut self) {
        self.turns.clear();
        self.refusals.clear();
        let numbers: Vec<_> = self.entries.iter().map(|(number, _)| number).collect();
        for number in numbers {
            if let Some(entry) = self.entries.get_mut(number) {
                entry.outbound.clear();
            }
            self.settle(number);
        }
    }

    /// Whether more may be read from the connection.
    pub(crate) fn may_read(&self) -> bool {
        self.last_words || (self.refusals.len() <= MAX_REFUSALS && self.full.is_empty())
    }

    /// The next message for the connection.
    pub(crate) fn next_outgoing(&mut self) -> Option<Message> {
        while let Some((key, reject)) = self.refusals.pop_front() {
            let refusal = self.dialect().encode(&key, Packet::Refuse(reject), self.binary);
            if let Ok(Some(refusal)) = refusal {
                return Some(refusal);
            }
        }
        while let Some(number) = self.turns.pop_front() {
            let Some(entry) = self.entries.get_mut(number) else { continue };
            entry.outbound.in_turn = false;
            let message = match entry.credit_due(self.options.window) {
                Some(credit) => {
                    entry.inbound.due = 0;
                    entry.inbound.granted += i64::from(credit);
                    let packet = Packet::Credit(credit);
                    self.options.dialect.encode(&entry.key, packet, self.binary).ok().flatten()
                }
                None => entry.outbound.pop(),
            };
            self.woken.extend(entry.outbound.writer.take());
            self.give_turn(number);
            self.settle(number);
            if message.is_some() {
                return message;
            }
        }
        None
    }

    /// Gives a channel a turn, if it has something to send, and tells the driver.
    pub(crate) fn schedule(&mut self, number: usize) {
        if self.give_turn(number) {
            self.woken.extend(self.driver.take());
        }
    }

    /// Forgets what is over.
    pub(crate) fn settle(&mut self, number: usize) {
        let Some(entry) = self.entries.get(number).filter(|entry| entry.is_over()) else {
            return;
        };
        if self.routes.get(&entry.key) == Some(&number) {
            self.routes.remove(&entry.key);
        }
        if entry.abandoned {
            if entry.outbound.in_turn {
                self.turns.retain(|turn| *turn != number);
            }
            self.entries.remove(number);
        }
    }

    /// Returns whether the channel got a turn that it did not have.
    fn give_turn(&mut self, number: usize) -> bool {
        let Some(entry) = self.entries.get_mut(number) else { return false };
        if entry.outbound.in_turn || !entry.has_outgoing(self.options.window) {
            return false;
        }
        entry.outbound.in_turn = true;
        self.turns.push_back(number);
        true
    }

    fn receive_for_nobody(&mut self, key: Key, packet: Packet) -> Result<(), Error> {
        match (self.dialect(), packet, &key) {
            (Dialect::Own, Packet::Open(request), Key::Number(id)) => {
                let ahead = i64::from(*id) - self.last_theirs;
                if ahead <= 0 || ahead % 2 != 0 {
                    return Err(protocol("a channel is opened with an id that is not new"));
                }
                self.last_theirs = (*id).into();
                self.arrive(key, request);
                Ok(())
            }
            (Dialect::Own, _, Key::Number(id)) => {
                let id = i64::from(*id);
                let last = match (id - self.last_ours) % 2 {
                    0 => self.last_ours,
                    _ => self.last_theirs,
                };
                match id <= last {
                    true => Ok(()), // it has crossed the end of its channel
                    false => Err(protocol("a channel that was never opened")),
                }
            }
            (Dialect::Substream, Packet::Message(message), Key::Name(name)) => {
                let name = Arc::clone(name);
                match self.arrive(key, Request::named(name)) {
                    Some(number) => self.deliver(number, message),
                    None => Ok(()),
                }
            }
            (_, Packet::Open(request), _) if self.side == Side::Acceptor => {
                self.arrive(key, request);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn deliver(&mut self, number: usize, message: Message) -> Result<(), Error> {
        let Self { entries, options, .. } = self;
        let Some(entry) = entries.get_mut(number) else { return Ok(()) };
        let is_own = options.dialect.is_own();
        if is_own && entry.inbound.ended {
            return Err(protocol("a channel goes on after its end"));
        }
        if entry.abandoned || entry.inbound.ended {
            return Ok(());
        }
        if is_own {
            if entry.inbound.granted <= 0 {
                return Err(protocol("a channel was sent more than was granted"));
            }
            entry.inbound.granted -= i64::try_from(cost(&message)).unwrap_or(i64::MAX);
            entry.inbound.push(message);
            return Ok(());
        }
        let window = options.window as usize;
        let is_full = entry.inbound.bytes >= window;
        match options.overflow {
            Overflow::Close if is_full => {
                let goodbye = options.dialect.encode(&entry.key, Packet::End, self.binary)?;
                entry.end_both();
                entry.inbound.error = Some(Error::new(ErrorKind::SlowConsumer));
                if let Some(goodbye) = goodbye {
                    entry.outbound.push(goodbye, 0);
                }
                self.schedule(number);
                return Ok(());
            }
            Overflow::Close => entry.inbound.push(message),
            Overflow::Wait => {
                entry.inbound.push(message);
                if entry.inbound.bytes >= window {
                    self.full.insert(number);
                }
            }
        }
        Ok(())
    }

    /// The peer says no more of a channel.
    fn end_inbound(&mut self, number: usize) {
        let Some(entry) = self.entries.get_mut(number) else { return };
        entry.inbound.ended = true;
        if !self.options.dialect.is_own() {
            // It needs no answer, and in one of the dialects a message would open it again.
            entry.end_both();
        }
    }

    /// Wakes who waits for the channel.
    pub(crate) fn wake(&mut self, number: usize) {
        if let Some(entry) = self.entries.get_mut(number) {
            self.woken.extend(entry.inbound.reader.take());
            self.woken.extend(entry.outbound.writer.take());
        }
    }
}

fn protocol(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Protocol, message)
}

/// How many refusals may wait to go out before nothing more is read.
const MAX_REFUSALS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_that_end_unsent_leave_no_turns_behind() {
        let mut table = Table::new(Multiplex::websocket_multiplex(), Side::Acceptor, true);
        for _ in 0..1000 {
            table.receive("sub,news".into()).unwrap();
            let (number, _) = table.arrivals.pop_front().unwrap();
            table.accept(number, None, http::HeaderMap::new()).unwrap();
            table.send(number, "never read".into()).unwrap();
            table.receive("uns,news".into()).unwrap();
            table.abandon(number);
        }
        assert!(table.entries.is_empty());
        assert!(table.turns.len() <= 1, "{}", table.turns.len());
    }
}
