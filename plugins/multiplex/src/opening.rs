//! How channels begin: openings, and the answers to them.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, StatusCode};
use plimsoll::{Error, ErrorKind, Message, Reject};

use crate::dialect::{Dialect, Key, MAX_HANDSHAKE, Packet, Request, Response};
use crate::entry::{Entry, Phase};
use crate::handle::{closed, wait};
use crate::table::{Side, Table};

impl Table {
    /// Asks the peer for a channel.
    ///
    /// # Errors
    ///
    /// Those of [`ChannelConnector`](crate::ChannelConnector).
    pub(crate) fn open(&mut self, mut request: Request) -> Result<usize, Error> {
        if self.ended {
            return Err(Error::new(ErrorKind::Close));
        }
        if request.name.len() > self.options.max_name {
            return Err(Error::config("name", "must not be longer than `max_name`"));
        }
        let key = self.key_for(&request.name)?;
        let before = self.routes.get(&key).copied();
        let is_open =
            |number: &usize| self.entries.get(*number).is_some_and(|it| !it.outbound.ended);
        if let Some(number) = before.filter(is_open) {
            return self.take_up(number);
        }
        if self.entries.len() >= self.options.max_channels {
            return Err(Reject::unavailable(TOO_MANY, 1).into());
        }
        request.window = self.options.window;
        let opening = self.dialect().encode(&key, Packet::Open(request), self.binary)?;
        check_handshake(opening.as_ref(), self.options.max_message)?;
        let is_own = self.dialect().is_own();
        let phase = if is_own { Phase::Asking } else { Phase::Open };
        let mut entry = Entry::new(key, phase);
        if let Some(before) = before.and_then(|number| self.entries.get_mut(number)) {
            // What is still to be said of the one before comes first.
            entry.outbound.queue = std::mem::take(&mut before.outbound.queue);
            entry.outbound.bytes = std::mem::take(&mut before.outbound.bytes);
        }
        if !is_own {
            entry.outbound.credit = i64::MAX;
        }
        if let Some(opening) = opening {
            entry.outbound.push(opening, 0);
        }
        let number = self.insert(entry);
        before.into_iter().for_each(|before| self.settle(before));
        Ok(number)
    }

    /// The peer's answer to an opening.
    pub(crate) fn poll_answer(
        &mut self,
        number: usize,
        cx: &Context<'_>,
    ) -> Poll<Result<Response, Error>> {
        let Some(entry) = self.entries.get_mut(number) else { return Poll::Ready(Err(closed())) };
        match std::mem::replace(&mut entry.phase, Phase::Open) {
            Phase::Open => Poll::Ready(Ok(Response::default())),
            Phase::Accepted(response) => Poll::Ready(Ok(response)),
            Phase::Refused(reject) => Poll::Ready(Err(reject.into())),
            phase @ (Phase::Asked | Phase::Asking) => {
                entry.phase = phase;
                if entry.inbound.ended {
                    return Poll::Ready(Err(entry.inbound.error.take().unwrap_or_else(closed)));
                }
                wait(&mut entry.inbound.reader, cx);
                Poll::Pending
            }
        }
    }

    /// Lets in what the peer opened.
    pub(crate) fn accept(
        &mut self,
        number: usize,
        protocol: Option<String>,
        headers: HeaderMap,
    ) -> Result<(), Error> {
        if self.ended {
            return Err(closed());
        }
        let (dialect, window, binary) = (self.dialect(), self.options.window, self.binary);
        let Some(entry) = self.entries.get_mut(number) else { return Err(closed()) };
        let response = Response { protocol, headers, window };
        let answer = dialect.encode(&entry.key, Packet::Accept(response), binary)?;
        check_handshake(answer.as_ref(), self.options.max_message)?;
        entry.phase = Phase::Open;
        entry.inbound.granted = window.into();
        entry.outbound.credit = match dialect.is_own() {
            true => entry.outbound.window.into(),
            false => i64::MAX,
        };
        if let Some(answer) = answer {
            entry.outbound.push(answer, 0);
        }
        self.schedule(number);
        Ok(())
    }

    /// Turns away what the peer opened.
    pub(crate) fn refuse(&mut self, number: usize, reject: Reject) {
        let (dialect, binary) = (self.dialect(), self.binary);
        let entry = self.entries.get_mut(number);
        // Nothing is to be said where the connection, the peer or this side has ended it.
        let Some(entry) = entry.filter(|entry| !entry.outbound.ended) else { return };
        entry.end_both();
        if let Ok(Some(answer)) = dialect.encode(&entry.key, Packet::Refuse(reject), binary) {
            entry.outbound.push(answer, 0);
        }
        self.schedule(number);
        self.settle(number);
    }

    /// Takes in a channel that the peer opens, or refuses it.
    pub(crate) fn arrive(&mut self, key: Key, request: Request) -> Option<usize> {
        let longest = request.name.len().max(key.id().len());
        let reject = if longest > self.options.max_name {
            Reject::new(StatusCode::URI_TOO_LONG, "the name or the id of the channel is too long")
        } else if self.ended || self.entries.len() >= self.options.max_channels {
            Reject::unavailable(TOO_MANY, 1)
        } else {
            let mut entry = Entry::new(key, Phase::Asked);
            entry.outbound.window = request.window;
            let number = self.insert(entry);
            self.arrivals.push_back((number, request));
            self.woken.extend(self.acceptor.take());
            return Some(number);
        };
        self.refusals.push_back((key, reject));
        None
    }

    /// The key of a channel that is to be opened.
    fn key_for(&mut self, name: &Arc<str>) -> Result<Key, Error> {
        match (self.dialect(), self.side) {
            (Dialect::Own, _) => {
                let id = u32::try_from(self.last_ours + 2)
                    .map_err(|_| Error::with_message(ErrorKind::Unsupported, "no ids are left"))?;
                self.last_ours = id.into();
                Ok(Key::Number(id))
            }
            (Dialect::Substream, _) | (Dialect::WebSocketMultiplex, Side::Connector) => {
                Ok(Key::Name(Arc::clone(name)))
            }
            (Dialect::PrimusMultiplex, Side::Connector) => {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes)
                    .map_err(|error| Error::with_message(ErrorKind::Internal, error.to_string()))?;
                let id = format!("{:x}", u128::from_be_bytes(bytes)).into();
                Ok(Key::Subscription { name: Arc::clone(name), id })
            }
            (Dialect::PrimusMultiplex | Dialect::WebSocketMultiplex, Side::Acceptor) => {
                let message = "in this dialect only the side that connected opens channels";
                Err(Error::with_message(ErrorKind::Unsupported, message))
            }
        }
    }

    /// Opens what the peer has opened already, in a dialect where both sides may.
    fn take_up(&mut self, number: usize) -> Result<usize, Error> {
        let entry = self.entries.get_mut(number);
        let asked = entry.filter(|entry| matches!(entry.phase, Phase::Asked));
        let Some(entry) = asked else {
            let message = "this dialect has one channel of a name, and it is open";
            return Err(Error::with_message(ErrorKind::Unsupported, message));
        };
        let at = self.arrivals.iter().position(|(arrival, _)| *arrival == number);
        let Some(at) = at else {
            let message = "the channel is being accepted";
            return Err(Error::with_message(ErrorKind::Unsupported, message));
        };
        self.arrivals.remove(at);
        entry.phase = Phase::Open;
        entry.outbound.credit = i64::MAX;
        Ok(number)
    }

    fn insert(&mut self, entry: Entry) -> usize {
        let key = entry.key.clone();
        let number = self.entries.insert(entry);
        self.routes.insert(key, number);
        self.schedule(number);
        number
    }
}

/// Checks an opening, or the answer to one, before it is sent.
fn check_handshake(message: Option<&Message>, most: usize) -> Result<(), Error> {
    let len = message.map_or(0, Message::len);
    match len <= most.min(MAX_HANDSHAKE) {
        true => Ok(()),
        false => Err(Error::with_message(ErrorKind::TooLarge, "a handshake has at most 8 KiB")),
    }
}

const TOO_MANY: &str = "too many channels";
