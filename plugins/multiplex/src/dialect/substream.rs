//! What the Node package substream 0.2 speaks: JSON objects
//! `{"substream": name, "args": payload}`.

use std::borrow::Cow;

use plimsoll::{Close, Error, ErrorKind, Message};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Key, Packet, json};

pub(super) fn encode(name: &str, packet: Packet) -> Result<Option<Message>, Error> {
    let payload = match &packet {
        Packet::Accept(_) | Packet::Credit(_) | Packet::Open(_) => return Ok(None),
        Packet::Close(_) | Packet::End | Packet::Refuse(_) => END,
        Packet::Message(message) => {
            let payload = json(message)?;
            if is_end(payload) {
                let message = "the string `substream::end` is how this dialect closes a channel";
                return Err(Error::with_message(ErrorKind::Unsupported, message));
            }
            payload
        }
    };
    let name = serde_json::Value::from(name);
    Ok(Some(Message::text(format!(r#"{{"substream":{name},"args":{payload}}}"#))))
}

pub(super) fn decode(text: &str) -> Option<(Key, Packet)> {
    let Object { substream, args } = serde_json::from_str(text).ok()?;
    let payload = args.map_or("null", RawValue::get);
    let packet = match is_end(payload) {
        true => Packet::Close(Close::normal()),
        false => Packet::Message(payload.into()),
    };
    Some((Key::Name(substream.into()), packet))
}

/// However its characters are escaped.
fn is_end(payload: &str) -> bool {
    payload.len() <= MAX_END
        && serde_json::from_str::<Cow<'_, str>>(payload).is_ok_and(|text| text == "substream::end")
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    substream: Cow<'a, str>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

const END: &str = r#""substream::end""#;
/// Each character may be escaped as `\u0000`, and white space may be around: more is not taken
/// for it.
const MAX_END: usize = 256;
