//! The languages in which channels are talked about: messages in, packets out, no I/O.

mod own;
mod primus_multiplex;
mod substream;
#[cfg(test)]
mod tests;
mod websocket_multiplex;

use std::sync::Arc;

use http::HeaderMap;
use plimsoll::{Capabilities, Close, Error, ErrorKind, Liveness, Message, Reject};

/// How the messages of the connection beneath are read and written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    Own,
    PrimusMultiplex,
    Substream,
    WebSocketMultiplex,
}

impl Dialect {
    /// What a message of the connection says; `None` if it is about no channel.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Protocol`] if the peer breaks the protocol.
    pub(crate) fn decode(self, message: Message) -> Result<Option<(Key, Packet)>, Error> {
        match self {
            Self::Own => own::decode(message).map(Some),
            Self::PrimusMultiplex => Ok(message.as_text().and_then(primus_multiplex::decode)),
            Self::Substream => Ok(message.as_text().and_then(substream::decode)),
            Self::WebSocketMultiplex => Ok(message.as_text().and_then(websocket_multiplex::decode)),
        }
    }

    /// The message of the connection that says it; `None` if the dialect has no words for it.
    /// `binary` tells whether the connection carries binary messages.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Unsupported`] if a message is of a kind that the dialect cannot
    /// carry.
    pub(crate) fn encode(
        self,
        key: &Key,
        packet: Packet,
        binary: bool,
    ) -> Result<Option<Message>, Error> {
        match (self, key) {
            (Self::Own, Key::Number(id)) => Ok(Some(own::encode(*id, packet, binary))),
            (Self::PrimusMultiplex, Key::Subscription { name, id }) => {
                primus_multiplex::encode(name, id, packet)
            }
            (Self::Substream, Key::Name(name)) => substream::encode(name, packet),
            (Self::WebSocketMultiplex, Key::Name(name)) => {
                websocket_multiplex::encode(name, packet)
            }
            (_, Key::Number(_) | Key::Name(_) | Key::Subscription { .. }) => {
                Err(Error::with_message(ErrorKind::Internal, "a channel of another dialect"))
            }
        }
    }

    /// Whether openings are answered, bytes are granted, and closes have codes.
    pub(crate) fn is_own(self) -> bool {
        self == Self::Own
    }

    /// What a channel can do. Whether the peer lives is a matter of the connection beneath.
    pub(crate) fn capabilities(self) -> Capabilities {
        Capabilities::FULL
            .with_binary(self.is_own())
            .with_close_reason(self.is_own())
            .with_liveness(Liveness::Builtin)
    }
}

/// What tells the channels of one connection apart.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Key {
    Name(Arc<str>),
    Number(u32),
    Subscription { name: Arc<str>, id: Arc<str> },
}

impl Key {
    /// What the peer calls the channel besides its name; empty if nothing.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Subscription { id, .. } => id,
            Self::Name(_) | Self::Number(_) => "",
        }
    }
}

/// What is said of a channel.
#[derive(Clone, Debug)]
pub(crate) enum Packet {
    Accept(Response),
    Close(Close),
    /// The peer may send this many more bytes.
    Credit(u32),
    /// The end without a close.
    End,
    Message(Message),
    Open(Request),
    Refuse(Reject),
}

/// Asks for a channel.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) name: Arc<str>,
    pub(crate) query: Option<String>,
    pub(crate) protocols: Vec<String>,
    pub(crate) headers: HeaderMap,
    /// How much the side that asks takes before it is read, in bytes.
    pub(crate) window: u32,
}

impl Request {
    /// Asks for a channel of which only the name is said.
    pub(crate) fn named(name: Arc<str>) -> Self {
        Self { name, query: None, protocols: Vec::new(), headers: HeaderMap::new(), window: 0 }
    }
}

/// Lets a channel in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) protocol: Option<String>,
    pub(crate) headers: HeaderMap,
    /// How much the side that answers takes before it is read, in bytes.
    pub(crate) window: u32,
}

/// The text of a message that has to be JSON.
fn json(message: &Message) -> Result<&str, Error> {
    let text = message.as_text().ok_or_else(text_only)?;
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(text),
        Err(_) => {
            let message = "the messages of a channel of this dialect are JSON texts";
            Err(Error::with_message(ErrorKind::Unsupported, message))
        }
    }
}

fn text_only() -> Error {
    let message = "this dialect carries only text: send text, or use a text encoding";
    Error::with_message(ErrorKind::Unsupported, message)
}

/// How long an opening or its answer may be, in bytes.
pub(crate) const MAX_HANDSHAKE: usize = 8 * 1024;
