//! What events, requests and answers look like on the wire.

mod envelope;
mod packet;
mod plimsoll;
mod primus;
mod primus_emit;
mod primus_emitter;
mod primus_responder;
#[cfg(test)]
mod tests;

use ::plimsoll::{Error, ErrorKind, Message};
use plimsoll_encoding::{AnyCodec, Codec};

pub(crate) use self::packet::{Incoming, Packet, PacketKind, RequestId};

/// What events, requests and answers look like on the wire. Both sides have to use the same.
///
/// A dialect says which fields a message has; the connection's codec says how they are written.
/// The examples here are in JSON; any other self-describing format will do, such as MessagePack.
/// Fields that a dialect does not name are ignored.
///
/// | dialect | events | requests | errors | arguments |
/// |---|---|---|---|---|
/// | [`Plimsoll`](Self::Plimsoll) | yes | yes | yes | one value |
/// | [`PrimusEmit`](Self::PrimusEmit) | yes | no | no | a list |
/// | [`PrimusEmitter`](Self::PrimusEmitter) | yes | yes | no | a list |
/// | [`PrimusResponder`](Self::PrimusResponder) | no | yes, without names | no | one value |
///
/// # Lists of arguments
///
/// Where arguments are a list, a value that serializes as a sequence is that list: a tuple, an
/// array, a `Vec`. The unit `()` is no arguments. Any other value is one argument, an `Option` or
/// a newtype around a sequence too; a `Vec` that is one argument goes into a tuple of one,
/// `(numbers,)`. It is the same when arguments are read: the type of the handler's arguments says
/// which. As in JavaScript, arguments that a tuple has no place for are ignored, and those that
/// are missing are null. A type that takes anything, such as `serde_json::Value`, gets the
/// argument if there is one, null if there is none, and the list if there are several.
///
/// # Names that Primus reserves
///
/// In Primus, an event that is named like one of its own, such as `end` or `incoming::data`, may
/// not come from a peer. In the dialects of Primus such a name can have no handler, sending it
/// fails, and what arrives with it is no event.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Dialect {
    #[doc = include_str!("plimsoll.md")]
    #[default]
    Plimsoll,
    #[doc = include_str!("primus_emit.md")]
    PrimusEmit,
    #[doc = include_str!("primus_emitter.md")]
    PrimusEmitter,
    #[doc = include_str!("primus_responder.md")]
    PrimusResponder,
}

impl Dialect {
    /// The name that the requests of [`PrimusResponder`](Self::PrimusResponder) have here: on the
    /// wire they have none.
    pub const RESPONDER_REQUEST: &str = "request";

    /// The dialect's name and, where it has one, its version.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plimsoll => "plimsoll-events-1",
            Self::PrimusEmit => "primus-emit",
            Self::PrimusEmitter => "primus-emitter",
            Self::PrimusResponder => "primus-responder",
        }
    }

    /// Whether there can be an event with this name; the error says why not.
    pub(crate) fn check_event(self, name: &str) -> Result<(), &'static str> {
        match self {
            Self::Plimsoll => Ok(()),
            Self::PrimusEmit | Self::PrimusEmitter => primus::check_name(name),
            Self::PrimusResponder => Err("primus-responder has no events, only requests"),
        }
    }

    /// Whether there can be a request with this name; the error says why not.
    pub(crate) fn check_request(self, name: &str) -> Result<(), &'static str> {
        match self {
            Self::Plimsoll => Ok(()),
            Self::PrimusEmit => Err("primus-emit has no requests, only events"),
            Self::PrimusEmitter => primus::check_name(name),
            Self::PrimusResponder if name == Self::RESPONDER_REQUEST => Ok(()),
            Self::PrimusResponder => Err("primus-responder has only requests named `request`"),
        }
    }

    /// What goes out, ready to be encoded.
    ///
    /// Fails with [`ErrorKind::Unsupported`] if the dialect has no such thing.
    pub(crate) fn packet<T: ?Sized>(self, kind: PacketKind<'_, T>) -> Result<Packet<'_, T>, Error> {
        let checked = match &kind {
            PacketKind::Answer { .. } => Ok(()),
            PacketKind::Error { .. } if self == Self::Plimsoll => Ok(()),
            PacketKind::Error { .. } => Err("the dialect has no errors"),
            PacketKind::Event { name, .. } => self.check_event(name),
            PacketKind::Request { name, .. } => self.check_request(name),
        };
        match checked {
            Ok(()) => Ok(Packet { dialect: self, kind }),
            Err(reason) => Err(Error::with_message(ErrorKind::Unsupported, reason)),
        }
    }

    /// Tells what a message is. What is nothing of the dialect's is the application's.
    ///
    /// Fails with [`ErrorKind::TooLarge`] if the message is larger than what the codec takes.
    pub(crate) fn decode(self, message: Message, codec: &AnyCodec) -> Result<Incoming, Error> {
        let (size, max) = (message.len(), codec.max_bytes());
        if size > max {
            let message = format!("a message of {size} bytes, the codec takes at most {max}");
            return Err(Error::with_message(ErrorKind::TooLarge, message));
        }
        let read = match self {
            Self::Plimsoll => plimsoll::decode(&message, codec),
            Self::PrimusEmit => primus_emit::decode(&message, codec),
            Self::PrimusEmitter => primus_emitter::decode(&message, codec),
            Self::PrimusResponder => primus_responder::decode(&message, codec),
        };
        Ok(read.unwrap_or(Incoming::Message(message)))
    }
}
