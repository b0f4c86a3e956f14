//! What goes out and comes in, whatever the dialect.

use plimsoll::Message;
use serde::{Serialize, Serializer};

use super::{Dialect, plimsoll as own, primus_emit, primus_emitter, primus_responder};
use crate::arguments::Arguments;
use crate::{Event, RemoteError};

/// What goes out, in the words of a dialect.
pub(crate) struct Packet<'a, T: ?Sized> {
    pub(crate) dialect: Dialect,
    pub(crate) kind: PacketKind<'a, T>,
}

pub(crate) enum PacketKind<'a, T: ?Sized> {
    Answer { id: &'a RequestId, value: &'a T },
    Error { id: &'a RequestId, error: &'a RemoteError },
    Event { name: &'a str, arguments: &'a T },
    Request { name: &'a str, id: u64, arguments: &'a T },
}

impl<T: Serialize + ?Sized> Serialize for Packet<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.dialect {
            Dialect::Plimsoll => own::serialize(&self.kind, serializer),
            Dialect::PrimusEmit => primus_emit::serialize(&self.kind, serializer),
            Dialect::PrimusEmitter => primus_emitter::serialize(&self.kind, serializer),
            Dialect::PrimusResponder => primus_responder::serialize(&self.kind, serializer),
        }
    }
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Incoming {
    Answer {
        id: u64,
        answer: Result<Arguments, RemoteError>,
    },
    Event(Event),
    /// Nothing of the dialect's.
    Message(Message),
    Request {
        id: RequestId,
        name: String,
        arguments: Arguments,
    },
}

/// By what a peer knows its request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum RequestId {
    Number(u64),
    Text(String),
}
