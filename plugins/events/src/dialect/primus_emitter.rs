//! The dialect of primus-emitter 3.1.1.

use plimsoll::Message;
use plimsoll_encoding::AnyCodec;
use serde::{Deserialize, Serialize, Serializer};

use super::envelope::{Head, read};
use super::packet::{Incoming, PacketKind, RequestId};
use super::primus::{check_name, unsupported};
use crate::Event;
use crate::arguments::{Arguments, List};

pub(super) fn serialize<T: Serialize + ?Sized, S: Serializer>(
    kind: &PacketKind<'_, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match *kind {
        PacketKind::Answer { id, value } => {
            Acknowledgement { id, kind: ACK, data: List::new(value) }.serialize(serializer)
        }
        PacketKind::Error { .. } => unsupported::<S>(),
        PacketKind::Event { name, arguments } => {
            let data = List::with_name(name, arguments);
            EventPacket { kind: EVENT, data, id: None }.serialize(serializer)
        }
        PacketKind::Request { name, id, arguments } => {
            let data = List::with_name(name, arguments);
            EventPacket { kind: EVENT, data, id: Some(id) }.serialize(serializer)
        }
    }
}

pub(super) fn decode(message: &Message, codec: &AnyCodec) -> Option<Incoming> {
    let Envelope { kind, data, id } = read(message, codec)?;
    // As in the original, 0 is no id.
    let id = id.filter(|id| *id > 0);
    match kind {
        EVENT => {
            let name = data.first.filter(|name| check_name(name).is_ok())?;
            let arguments = Arguments::in_list(message.clone(), codec, "data", 1, data.len - 1);
            Some(match id.map(RequestId::Number) {
                Some(id) => Incoming::Request { id, name, arguments },
                None => Incoming::Event(Event::new(name, arguments)),
            })
        }
        ACK => {
            let answer = Arguments::in_list(message.clone(), codec, "data", 0, data.len);
            Some(Incoming::Answer { id: id?, answer: Ok(answer) })
        }
        _ => None,
    }
}

#[derive(Serialize)]
struct EventPacket<'a, T: Serialize + ?Sized> {
    #[serde(rename = "type")]
    kind: u64,
    data: List<'a, T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
}

#[derive(Serialize)]
struct Acknowledgement<'a, T: Serialize + ?Sized> {
    id: &'a RequestId,
    #[serde(rename = "type")]
    kind: u64,
    data: List<'a, T>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: u64,
    data: Head,
    id: Option<u64>,
}

const EVENT: u64 = 0;
const ACK: u64 = 1;
