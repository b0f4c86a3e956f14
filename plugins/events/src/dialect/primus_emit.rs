//! The dialect of primus-emit 1.0.0.

use plimsoll::Message;
use plimsoll_encoding::AnyCodec;
use serde::{Deserialize, Serialize, Serializer};

use super::envelope::{Head, read};
use super::packet::{Incoming, PacketKind};
use super::primus::{check_name, unsupported};
use crate::Event;
use crate::arguments::{Arguments, List};

pub(super) fn serialize<T: Serialize + ?Sized, S: Serializer>(
    kind: &PacketKind<'_, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match *kind {
        PacketKind::Event { name, arguments } => {
            EventPacket { emit: List::with_name(name, arguments) }.serialize(serializer)
        }
        PacketKind::Answer { .. } | PacketKind::Error { .. } | PacketKind::Request { .. } => {
            unsupported::<S>()
        }
    }
}

pub(super) fn decode(message: &Message, codec: &AnyCodec) -> Option<Incoming> {
    let Envelope { emit } = read(message, codec)?;
    let name = emit.first.filter(|name| check_name(name).is_ok())?;
    let arguments = Arguments::in_list(message.clone(), codec, "emit", 1, emit.len - 1);
    Some(Incoming::Event(Event::new(name, arguments)))
}

#[derive(Serialize)]
struct EventPacket<'a, T: Serialize + ?Sized> {
    emit: List<'a, T>,
}

#[derive(Deserialize)]
struct Envelope {
    emit: Head,
}
