//! The formats together: round trips, and input that nobody sends in good faith.

mod reference;

use bytes::Bytes;
use plimsoll::{ErrorKind, Text};
use proptest::prelude::*;

use self::reference::payloads;
use super::*;
use crate::fuzz;

const V3: Dialect = Dialect { version: Version::V3, base64: false };
const V3_BASE64: Dialect = Dialect { version: Version::V3, base64: true };
const V4_BASE64: Dialect = Dialect { version: Version::V4, base64: true };

fn write(packets: &[Packet], dialect: Dialect) -> Payload {
    let mut batch = Batch::new(dialect, usize::MAX, usize::MAX);
    for packet in packets {
        assert_eq!(batch.push(packet.clone()).unwrap(), None);
    }
    batch.finish()
}

fn read(payload: Payload, version: Version) -> Result<Vec<Packet>, plimsoll::Error> {
    let format = version.format(payload.octet_stream).unwrap();
    Packets::new(payload.bytes, format, usize::MAX).collect()
}

#[test]
fn a_payload_without_packets_exists_in_version_3_only() {
    for dialect in [V3, V3_BASE64] {
        let payload = write(&[], dialect);
        assert_eq!((&payload.bytes[..], payload.octet_stream), (&b"0:"[..], false));
        assert_eq!(read(payload, dialect.version).unwrap(), []);
    }
    assert!(read(write(&[], Dialect::V4), Version::V4).is_err());
    assert_eq!(Version::V4.format(true), None);
}

#[test]
fn a_payload_that_is_cut_off_gives_no_packet_that_was_not_in_it() {
    for (packets, _) in payloads() {
        for dialect in [V3, V3_BASE64] {
            let whole = write(&packets, dialect);
            for end in 0..whole.bytes.len() {
                let cut = Payload { bytes: whole.bytes.slice(..end), ..whole.clone() };
                let format = Version::V3.format(cut.octet_stream).unwrap();
                let read: Vec<_> = Packets::new(cut.bytes, format, 100).collect();
                assert!(read.len() <= packets.len());
                for (read, packet) in read.iter().zip(&packets) {
                    assert!(read.as_ref().ok().is_none_or(|read| read == packet));
                }
            }
        }
        // Version 4 cannot tell where its last packet was cut.
        let whole = write(&packets, Dialect::V4).bytes;
        for end in 0..whole.len() {
            let read = Packets::new(whole.slice(..end), Format::V4, 100).count();
            assert!(read <= packets.len());
        }
    }
}

#[test]
fn packets_beyond_the_limit_are_an_error() {
    for (body, format) in [
        (&b"6\x1e6\x1e6"[..], Format::V4),
        (b"1:61:61:6", Format::V3Text),
        (b"0:0:1:6", Format::V3Text),
        (b"\x00\x01\xff6\x00\x01\xff6\x00\x01\xff6", Format::V3Binary),
    ] {
        let body = Bytes::from_static(body);
        assert!(Packets::new(body.clone(), format, 3).all(|packet| packet.is_ok()));
        let error = Packets::new(body, format, 2).last().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}

#[test]
fn a_million_separators_cost_one_error() {
    let body = Bytes::from(vec![0x1e; 1_000_000]);
    assert_eq!(Packets::new(body, Format::V4, usize::MAX).count(), 1);
}

#[test]
fn long_payloads_are_read_in_one_pass() {
    let repeat = |part: &[u8]| Bytes::from(part.repeat(1_000_000));
    for (part, format, items) in [
        (&b"6\x1e"[..], Format::V4, 1_000_001),
        (b"0:", Format::V3Text, 0),
        (b"1:6", Format::V3Text, 1_000_000),
        (b"\x00\x01\xff6", Format::V3Binary, 1_000_000),
        // Lengths without an end.
        (b"0", Format::V3Text, 1),
        (b"9", Format::V3Text, 1),
        (b"\x00", Format::V3Binary, 1),
        (b"\x01", Format::V3Binary, 1),
    ] {
        assert_eq!(Packets::new(repeat(part), format, usize::MAX).count(), items, "{part:?}");
    }
}

fn any_packet() -> impl Strategy<Value = Packet> {
    // Without the separator, which version 4 cannot carry.
    let text = || "[^\u{1e}]{0,20}".prop_map(Text::from);
    prop_oneof![
        text().prop_map(Packet::Open),
        Just(Packet::Close),
        text().prop_map(Packet::Ping),
        text().prop_map(Packet::Pong),
        text().prop_map(|text| Packet::Message(text.into())),
        any::<Vec<u8>>().prop_map(|data| Packet::Message(data.into())),
        Just(Packet::Upgrade),
        Just(Packet::Noop),
    ]
}

fn any_dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![Dialect::V4, V4_BASE64, V3, V3_BASE64])
}

proptest! {
    #[test]
    fn packets_go_round(packet in any_packet(), dialect in any_dialect()) {
        let message = packet.to_websocket(dialect);
        prop_assert!(!dialect.base64 || message.is_text());
        prop_assert_eq!(Packet::from_websocket(message, dialect.version).unwrap(), packet);
    }

    #[test]
    fn payloads_go_round(
        packets in prop::collection::vec(any_packet(), 1..20),
        dialect in any_dialect(),
    ) {
        let payload = write(&packets, dialect);
        prop_assert_eq!(read(payload, dialect.version).unwrap(), packets);
    }

    #[test]
    fn bodies_keep_to_their_limits(
        packets in prop::collection::vec(any_packet(), 1..20),
        dialect in any_dialect(),
        max_bytes in 1..200usize,
        max_packets in 1..10usize,
    ) {
        let mut bodies = Vec::new();
        let mut batch = Batch::new(dialect, max_bytes, max_packets);
        for packet in packets.clone() {
            if let Some(packet) = batch.push(packet).unwrap() {
                bodies.push(batch.finish());
                batch = Batch::new(dialect, max_bytes, max_packets);
                prop_assert_eq!(batch.push(packet).unwrap(), None);
            }
        }
        bodies.push(batch.finish());
        let mut all = Vec::new();
        for body in bodies {
            let len = body.bytes.len();
            let read = read(body, dialect.version).unwrap();
            prop_assert!(read.len() <= max_packets);
            prop_assert!(len <= max_bytes || read.len() == 1);
            all.extend(read);
        }
        prop_assert_eq!(all, packets);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(data: Vec<u8>) {
        for read in FUZZ_TARGETS {
            read(&data);
        }
    }

    #[test]
    fn bytes_that_look_like_packets_are_read_without_a_panic(
        parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..30),
    ) {
        for read in FUZZ_TARGETS {
            read(&parts.concat());
        }
    }
}

const FUZZ_TARGETS: [fn(&[u8]); 5] =
    [fuzz::jsonp, fuzz::packet, fuzz::payload_v3_binary, fuzz::payload_v3_text, fuzz::payload_v4];

const PARTS: [&[u8]; 28] = [
    b"0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"5",
    b"6",
    b"7",
    b"b",
    b"b4",
    b"AA",
    b"AAA=",
    b"probe",
    b":",
    b"1:",
    b"2:4",
    b"\x1e",
    b"\x00",
    b"\x01",
    b"\x02",
    b"\xff",
    b"\x04",
    b"\\",
    b"n",
    b"d=",
    b"&",
    b"\xf0\x9f\x98\x80",
    b"\xf0",
];
