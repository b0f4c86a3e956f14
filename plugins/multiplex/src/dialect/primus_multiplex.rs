//! What the Node package primus-multiplex 3 speaks: JSON arrays `[type, id, channel, payload]`.

use std::borrow::Cow;

use plimsoll::{Close, Error, Message};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Key, Packet, Request, json};

pub(super) fn encode(name: &str, id: &str, packet: Packet) -> Result<Option<Message>, Error> {
    let (kind, payload) = match &packet {
        Packet::Accept(_) | Packet::Credit(_) => return Ok(None),
        Packet::Close(_) | Packet::End | Packet::Refuse(_) => (UNSUBSCRIBE, None),
        Packet::Message(message) => (MESSAGE, Some(json(message)?)),
        Packet::Open(_) => (SUBSCRIBE, None),
    };
    let (name, id) = (serde_json::Value::from(name), serde_json::Value::from(id));
    Ok(Some(Message::text(match payload {
        Some(payload) => format!("[{kind},{id},{name},{payload}]"),
        None => format!("[{kind},{id},{name}]"),
    })))
}

pub(super) fn decode(text: &str) -> Option<(Key, Packet)> {
    let Array(kind, id, name, payload) = serde_json::from_str(text).ok()?;
    let packet = match kind {
        MESSAGE => Packet::Message(payload.map_or("null", RawValue::get).into()),
        SUBSCRIBE => Packet::Open(Request::named((*name).into())),
        UNSUBSCRIBE => Packet::Close(Close::normal()),
        _ => return None,
    };
    Some((Key::Subscription { name: name.into(), id: id.into() }, packet))
}

#[derive(Deserialize)]
struct Array<'a>(
    u8,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow, default)] Option<&'a RawValue>,
);

const MESSAGE: u8 = 0;
const SUBSCRIBE: u8 = 1;
const UNSUBSCRIBE: u8 = 2;
