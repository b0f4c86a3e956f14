//! Entry points for fuzzing: each takes any bytes, and panics if what was read from them is not
//! the same after it was written and read once more.

use bytes::Bytes;
use plimsoll::{Message, Text};

use crate::codec::{Batch, Dialect, Format, Jsonp, Packet, Packets, Version};

/// A text payload of version 3.
pub fn payload_v3_text(data: &[u8]) {
    payload(data, Format::V3Text, Dialect { version: Version::V3, base64: true });
}

/// A binary payload of version 3.
pub fn payload_v3_binary(data: &[u8]) {
    payload(data, Format::V3Binary, Dialect { version: Version::V3, base64: false });
}

/// A payload of version 4.
pub fn payload_v4(data: &[u8]) {
    payload(data, Format::V4, Dialect::V4);
}

/// A WebSocket message; the first byte says of which kind, version and dialect.
pub fn packet(data: &[u8]) {
    let Some((flags, data)) = data.split_first() else { return };
    let version = if flags & 1 == 0 { Version::V3 } else { Version::V4 };
    let dialect = Dialect { version, base64: flags & 2 != 0 };
    let data = Bytes::copy_from_slice(data);
    let message = match flags & 4 {
        0 => Message::binary(data),
        _ => match Text::from_utf8(data) {
            Ok(text) => Message::text(text),
            Err(_) => return,
        },
    };
    let Ok(packet) = Packet::from_websocket(message, version) else { return };
    let again = Packet::from_websocket(packet.to_websocket(dialect), version);
    assert_eq!(again.expect("what was written can be read"), packet);
}

/// A form with a payload, and the script for it.
pub fn jsonp(data: &[u8]) {
    let Ok(payload) = Jsonp::payload(data) else { return };
    let payload = Text::from_utf8(payload).expect("a form is decoded to text");
    let script = Jsonp::new(&payload).script(&payload);
    assert!(!script.contains(['\n', '\u{2028}', '\u{2029}']));
}

fn payload(data: &[u8], format: Format, dialect: Dialect) {
    let body = Bytes::copy_from_slice(data);
    let mut packets = Packets::new(body, format, MAX_PACKETS);
    let read: Vec<_> = packets.by_ref().map_while(Result::ok).collect();
    assert!(packets.next().is_none() && read.len() <= MAX_PACKETS);
    if read.is_empty() {
        return;
    }
    let mut batch = Batch::new(dialect, usize::MAX, usize::MAX);
    for packet in read.clone() {
        let refused = batch.push(packet).expect("what was read can be sent");
        assert_eq!(refused, None);
    }
    let payload = batch.finish();
    let format = dialect.version.format(payload.octet_stream).expect("a known content type");
    let again: Result<Vec<_>, _> = Packets::new(payload.bytes, format, MAX_PACKETS).collect();
    assert_eq!(again.expect("what was written can be read"), read);
}

const MAX_PACKETS: usize = 1_000;
