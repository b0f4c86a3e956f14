//! Bytes of the reference implementation.

use plimsoll::Message;

use super::*;

#[test]
fn packets_are_those_of_the_reference_implementation() {
    for (packet, forms) in packets() {
        for (dialect, form) in [Dialect::V4, V4_BASE64, V3, V3_BASE64].into_iter().zip(forms) {
            assert_eq!(packet.to_websocket(dialect), form, "{dialect:?}");
            let read = Packet::from_websocket(form, dialect.version).unwrap();
            assert_eq!(read, packet, "{dialect:?}");
        }
    }
}

#[test]
fn payloads_are_those_of_the_reference_implementation() {
    for (packets, forms) in payloads() {
        for (dialect, form) in [Dialect::V4, V3_BASE64, V3].into_iter().zip(forms) {
            let payload = write(&packets, dialect);
            assert_eq!(payload.bytes, form, "{dialect:?}");
            let binary = packets.iter().any(|packet| packet.to_websocket(V3).is_binary());
            assert_eq!(payload.octet_stream, dialect == V3 && binary);
            assert_eq!(read(payload, dialect.version).unwrap(), packets, "{dialect:?}");
        }
    }
}

/// A packet and its forms, as `encodePacket` of engine.io-parser 5.2 and 2.2 writes them: over
/// WebSocket in version 4, the same with base64, version 3, the same with base64.
fn packets() -> Vec<(Packet, [Message; 4])> {
    let same = |text: &str| [text, text, text, text].map(Message::from);
    let binary = |data: &'static [u8], v4: &str, v3: &'static [u8], base64: &str| {
        let forms = [Message::binary(data), v4.into(), Message::binary(v3), base64.into()];
        (Packet::Message(Message::binary(data)), forms)
    };
    vec![
        (Packet::Open("{\"sid\":\"a\"}".into()), same("0{\"sid\":\"a\"}")),
        (Packet::Close, same("1")),
        (Packet::Ping("".into()), same("2")),
        (Packet::Ping(Packet::PROBE), same("2probe")),
        (Packet::Pong("".into()), same("3")),
        (Packet::Pong(Packet::PROBE), same("3probe")),
        (Packet::Upgrade, same("5")),
        (Packet::Noop, same("6")),
        (Packet::Message("hello".into()), same("4hello")),
        (Packet::Message("".into()), same("4")),
        (Packet::Message("\u{e9}\u{20ac}\u{1d11e}".into()), same("4\u{e9}\u{20ac}\u{1d11e}")),
        (Packet::Message("a\nb\"\\".into()), same("4a\nb\"\\")),
        binary(b"", "b", b"\x04", "b4"),
        binary(b"\x01", "bAQ==", b"\x04\x01", "b4AQ=="),
        binary(b"\x00\xff", "bAP8=", b"\x04\x00\xff", "b4AP8="),
        binary(b"\x01\x02\x03", "bAQID", b"\x04\x01\x02\x03", "b4AQID"),
        binary(b"\x04\x1e:\xfe", "bBB46/g==", b"\x04\x04\x1e:\xfe", "b4BB46/g=="),
    ]
}

/// Packets and their payloads, as `encodePayload` of engine.io-parser 5.2 and 2.2 writes them:
/// version 4, version 3 with base64, version 3.
pub(super) fn payloads() -> Vec<(Vec<Packet>, [&'static [u8]; 3])> {
    let text = |text: &str| Packet::Message(text.into());
    let binary = |data: &'static [u8]| Packet::Message(Message::binary(data));
    vec![
        (
            vec![text("\u{e9}\u{20ac}\u{1d11e}")],
            [
                b"4\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e",
                b"5:4\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e",
                b"5:4\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e",
            ],
        ),
        (
            vec![text("\u{20ac}"), text("\u{1d11e}\u{1d11e}")],
            [
                b"4\xe2\x82\xac\x1e4\xf0\x9d\x84\x9e\xf0\x9d\x84\x9e",
                b"2:4\xe2\x82\xac5:4\xf0\x9d\x84\x9e\xf0\x9d\x84\x9e",
                b"2:4\xe2\x82\xac5:4\xf0\x9d\x84\x9e\xf0\x9d\x84\x9e",
            ],
        ),
        (vec![Packet::Noop], [b"6", b"1:6", b"1:6"]),
        (vec![Packet::Ping("".into())], [b"2", b"1:2", b"1:2"]),
        (vec![text("")], [b"4", b"1:4", b"1:4"]),
        (vec![binary(b"")], [b"b", b"2:b4", b"\x01\x01\xff\x04"]),
        (
            vec![binary(b"\x04\x1e:\xfe")],
            [b"bBB46/g==", b"10:b4BB46/g==", b"\x01\x05\xff\x04\x04\x1e:\xfe"],
        ),
        (
            vec![
                text("\u{20ac}\u{1d11e}"),
                binary(b"\x01\x02\x03\x04"),
                Packet::Ping(Packet::PROBE),
            ],
            [
                b"4\xe2\x82\xac\xf0\x9d\x84\x9e\x1ebAQIDBA==\x1e2probe",
                b"4:4\xe2\x82\xac\xf0\x9d\x84\x9e10:b4AQIDBA==6:2probe",
                b"\x00\x08\xff4\xe2\x82\xac\xf0\x9d\x84\x9e\x01\x05\xff\x04\x01\x02\x03\x04\
                  \x00\x06\xff2probe",
            ],
        ),
    ]
}
