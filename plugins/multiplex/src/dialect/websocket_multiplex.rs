//! What the Node package websocket-multiplex 0.1 speaks: texts `type,topic,payload`, with the
//! topic as JavaScript's `escape` makes it (ECMA-262, section B.2.1).

use std::fmt::Write;

use plimsoll::{Close, Error, Message};

use super::{Key, Packet, Request, text_only};

pub(super) fn encode(name: &str, packet: Packet) -> Result<Option<Message>, Error> {
    let name = escape(name);
    Ok(Some(Message::text(match &packet {
        Packet::Accept(_) | Packet::Credit(_) => return Ok(None),
        Packet::Close(_) | Packet::End | Packet::Refuse(_) => format!("uns,{name}"),
        Packet::Message(message) => {
            format!("msg,{name},{}", message.as_text().ok_or_else(text_only)?)
        }
        Packet::Open(_) => format!("sub,{name}"),
    })))
}

pub(super) fn decode(text: &str) -> Option<(Key, Packet)> {
    let (kind, rest) = text.split_once(',')?;
    let (topic, payload) = rest.split_once(',').unwrap_or((rest, ""));
    let name = unescape(topic);
    let packet = match kind {
        "msg" => Packet::Message(payload.into()),
        "sub" => Packet::Open(Request::named((*name).into())),
        "uns" => Packet::Close(Close::normal()),
        _ => return None,
    };
    Some((Key::Name(name.into()), packet))
}

fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for unit in name.encode_utf16() {
        let ascii = u8::try_from(unit).ok();
        // Writing to a string does not fail.
        let _ = match ascii {
            Some(byte) if byte.is_ascii_alphanumeric() || b"@*_+-./".contains(&byte) => {
                escaped.write_char(byte.into())
            }
            Some(byte) => write!(escaped, "%{byte:02X}"),
            None => write!(escaped, "%u{unit:04X}"),
        };
    }
    escaped
}

/// What is no escape stands for itself, as in JavaScript; half a surrogate pair becomes U+FFFD.
fn unescape(topic: &str) -> String {
    let mut units = Vec::with_capacity(topic.len());
    let mut rest = topic;
    while let Some(first) = rest.chars().next() {
        let escaped = rest.strip_prefix("%u").and_then(|rest| hex(rest, 4));
        let escaped = escaped.or_else(|| rest.strip_prefix('%').and_then(|rest| hex(rest, 2)));
        match escaped {
            Some((unit, after)) => {
                units.push(unit);
                rest = after;
            }
            None => {
                units.extend_from_slice(first.encode_utf16(&mut [0; 2]));
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    String::from_utf16_lossy(&units)
}

fn hex(text: &str, digits: usize) -> Option<(u16, &str)> {
    let (number, after) = text.split_at_checked(digits)?;
    let is_plain = number.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_plain.then(|| Some((u16::from_str_radix(number, 16).ok()?, after))).flatten()
}
