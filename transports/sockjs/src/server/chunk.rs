//! What waits for a client, in the form of its transport.

use bytes::Bytes;
use plimsoll::session::{Delivery, SessionReceiver};
use plimsoll::{Close, CloseCode, Frame};

use crate::Binary;
use crate::codec::{Carrier, closes};

/// A part of a response: one frame.
pub(super) enum Chunk {
    /// The session is closed.
    Last(Bytes),
    Messages(Bytes),
}

impl Chunk {
    /// Makes a chunk of what a receiver got, with all messages that wait already. `None` if the
    /// receiver is to end without one.
    pub(super) fn new(
        delivery: Delivery,
        receiver: &mut SessionReceiver,
        carrier: &Carrier,
        binary: Binary,
    ) -> Option<Self> {
        match delivery {
            Delivery::Frame(Frame::Message(first)) => {
                let mut messages = vec![first];
                // A close that is taken here is told by the session, too.
                while let Some(Frame::Message(message)) = receiver.try_recv(usize::MAX) {
                    messages.push(message);
                }
                let frame = carrier.messages(&messages, binary);
                let frame = frame.expect("what cannot travel was turned away");
                Some(Self::Messages(frame.into_bytes()))
            }
            Delivery::Frame(Frame::Close(close)) | Delivery::Ended(close) => {
                Some(Self::Last(carrier.close(&told(close)).into_bytes()))
            }
            _ => None,
        }
    }
}

/// What a client is told of the end of its session.
fn told(close: Close) -> Close {
    match close.code {
        // A request of its was cut, or it came too late.
        CloseCode::ABNORMAL => closes::interrupted(),
        _ => close,
    }
}
