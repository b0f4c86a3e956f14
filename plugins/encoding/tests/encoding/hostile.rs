use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;

use plimsoll::{ErrorKind, Message};
use plimsoll_encoding::{AnyCodec, Cbor, Codec, Json, MAX_BYTES, MAX_DEPTH, MessagePack, Postcard};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::{Everything, Tree, codecs, everything};

proptest! {
    #[test]
    fn whatever_arrives_nothing_panics(bytes in vec(any::<u8>(), 0..256)) {
        decode_as_all_kinds(bytes);
    }

    #[test]
    fn damaged_messages_do_not_panic(
        value in everything(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        for codec in codecs() {
            let mut bytes = codec.encode(&value).unwrap().into_bytes().to_vec();
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            decode_as_all_kinds(bytes);
        }
    }
}

fn decode_as_all_kinds(bytes: Vec<u8>) {
    let message = Message::binary(bytes);
    for codec in codecs() {
        let _ = codec.decode::<Everything>(&message);
        let _ = codec.decode::<HashMap<String, Vec<Option<f64>>>>(&message);
        let _ = codec.decode::<Vec<Vec<()>>>(&message);
        let _ = codec.decode::<(i128, u128)>(&message);
        let _ = codec.decode::<Tree>(&message);
        let _ = codec.decode::<Untagged>(&message);
        let _ = codec.decode::<Value>(&message);
        let _ = codec.decode::<IgnoredAny>(&message);
    }
}

#[test]
fn a_million_open_brackets_are_an_error() {
    for (codec, bracket) in brackets() {
        let codec = codec.with_max_bytes(usize::MAX);
        let message = Message::binary(vec![bracket; 1_000_000]);
        assert_codec_error(codec.decode::<Tree>(&message), &codec);
        assert_codec_error(codec.decode::<Untagged>(&message), &codec);
        if codec.name() != "postcard" {
            assert_codec_error(codec.decode::<Value>(&message), &codec);
            assert_codec_error(codec.decode::<IgnoredAny>(&message), &codec);
        }
    }
}

#[test]
fn nesting_ends_at_the_limit_and_not_before() {
    for codec in codecs() {
        let limit = if codec.name() == "json" { MAX_DEPTH - 1 } else { MAX_DEPTH };
        let deepest = codec.encode(&Tree::of_depth(limit)).unwrap();
        assert_eq!(codec.decode::<Tree>(&deepest).unwrap(), Tree::of_depth(limit), "{codec:?}");
        let deeper = codec.encode(&Tree::of_depth(limit + 1)).unwrap();
        assert_codec_error(codec.decode::<Tree>(&deeper), &codec);
    }
}

#[test]
fn maps_enums_options_and_tags_nest_no_deeper() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what is refused counts")]
    enum Chain {
        Next(Box<Chain>),
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what is refused counts")]
    struct Perhaps(Option<Box<Perhaps>>);

    let times = 100_000;
    let floods = [
        (AnyCodec::new(Json), r#"{"Next":"#.repeat(times).into_bytes()),
        (AnyCodec::new(MessagePack), b"\x81\xa4Next".repeat(times)),
        (AnyCodec::new(Cbor), b"\xa1\x64Next".repeat(times)),
        (AnyCodec::new(Cbor), b"\xc1".repeat(times)),
        (AnyCodec::new(Postcard), b"\x00".repeat(times)),
        (AnyCodec::new(Postcard), b"\x01".repeat(times)),
    ];
    for (codec, bytes) in floods {
        let codec = codec.with_max_bytes(usize::MAX);
        let message = Message::binary(bytes);
        assert!(codec.decode::<Chain>(&message).is_err(), "{}", codec.name());
        assert!(codec.decode::<Perhaps>(&message).is_err(), "{}", codec.name());
        assert!(codec.decode::<Value>(&message).is_err(), "{}", codec.name());
    }
}

#[test]
fn a_claimed_length_reserves_no_more_than_the_message_has() {
    let claims = [
        (AnyCodec::new(MessagePack), &b"\xdd\xff\xff\xff\xff\x01"[..]),
        (AnyCodec::new(Cbor), b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        (AnyCodec::new(Cbor), b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff\x01"),
        (AnyCodec::new(Postcard), b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01"),
    ];
    for (codec, bytes) in claims {
        HINT.set(None);
        let message = Message::binary(bytes);
        assert_codec_error(codec.decode::<Hinted>(&message), &codec);
        assert!(HINT.get() <= Some(bytes.len()), "{codec:?}: {:?}", HINT.get());
        assert_codec_error(codec.decode::<Vec<u64>>(&message), &codec);
    }
}

#[test]
fn claimed_lengths_of_texts_bytes_and_maps_are_errors() {
    let claims = [
        (AnyCodec::new(MessagePack), &b"\xdb\xff\xff\xff\xffa"[..]), // text
        (AnyCodec::new(MessagePack), b"\xc6\xff\xff\xff\xffa"),      // bytes
        (AnyCodec::new(MessagePack), b"\xc9\xff\xff\xff\xff\x01a"),  // extension
        (AnyCodec::new(MessagePack), b"\xdf\xff\xff\xff\xff\xa1a\x01"), // map
        (AnyCodec::new(Cbor), b"\x7b\xff\xff\xff\xff\xff\xff\xff\xffa"), // text
        (AnyCodec::new(Cbor), b"\x5b\xff\xff\xff\xff\xff\xff\xff\xffa"), // bytes
        (AnyCodec::new(Cbor), b"\x5f\x5b\x7f\xff\xff\xff\xff\xff\xff\xffa"), // a chunk
        (AnyCodec::new(Cbor), b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x61a\x01"), // map
        (AnyCodec::new(Postcard), b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a"),
    ];
    for (codec, bytes) in claims {
        let message = Message::binary(bytes);
        assert_codec_error(codec.decode::<String>(&message), &codec);
        assert_codec_error(codec.decode::<Vec<u8>>(&message), &codec);
        assert_codec_error(codec.decode::<HashMap<String, u8>>(&message), &codec);
        if codec.name() != "postcard" {
            assert_codec_error(codec.decode::<Value>(&message), &codec);
            assert_codec_error(codec.decode::<IgnoredAny>(&message), &codec);
        }
    }
}

#[test]
fn elements_without_bytes_make_no_more_work_than_the_message_has() {
    // Each of the inner sequences claims as many units as there are bytes.
    let inner = b"\x80\x80\x02".repeat(10_000); // 32,768
    let message = Message::binary([b"\x90\x4e".as_slice(), &inner].concat()); // 10,000 of them
    WORK.set(0);
    assert_codec_error(Postcard.decode::<Vec<Vec<Unit>>>(&message), &Postcard);
    assert!(WORK.get() <= message.len() + 1, "{}", WORK.get());
}

#[test]
fn the_fields_of_a_type_may_be_more_than_the_bytes() {
    type Marked = ((), [(); 8], (((u8,),),));
    let value: Marked = ((), [(); 8], (((7,),),));
    let message = Postcard.encode(&value).unwrap();
    assert_eq!(message.len(), 1);
    assert_eq!(Postcard.decode::<Marked>(&message).unwrap(), value);
}

#[test]
fn a_message_over_the_limit_is_too_large() {
    for codec in codecs() {
        let largest = fitting(&codec, MAX_BYTES);
        assert_eq!(largest.len(), MAX_BYTES);
        assert!(codec.decode::<String>(&largest).is_ok(), "{codec:?}");
        let larger = fitting(&codec, MAX_BYTES + 1);
        let error = codec.decode::<String>(&larger).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let raised = AnyCodec::new(codec.clone().with_max_bytes(MAX_BYTES + 1));
        assert!(raised.decode::<String>(&larger).is_ok(), "{codec:?}");
        let lowered = codec.with_max_bytes(8);
        assert_eq!(lowered.decode::<String>(&largest).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}

#[test]
fn numbers_that_do_not_fit_are_errors() {
    for codec in codecs() {
        if codec.name() != "postcard" {
            assert_codec_error(codec.decode::<u8>(&codec.encode(&256).unwrap()), &codec);
            assert_codec_error(codec.decode::<u32>(&codec.encode(&-1).unwrap()), &codec);
            assert_codec_error(codec.decode::<i64>(&codec.encode(&u64::MAX).unwrap()), &codec);
        }
    }
    assert_codec_error(Postcard.decode::<u8>(&b"\x80\x01"[..].to_vec().into()), &Postcard);
    let flood = Message::from("9".repeat(60_000));
    assert_codec_error(Json.decode::<u64>(&flood), &Json);
    assert_codec_error(Json.decode::<f64>(&flood), &Json);
    assert_codec_error(Json.decode::<f64>(&"1e400".into()), &Json);
    assert_codec_error(Json.decode::<Value>(&"-1e999999999999".into()), &Json);
    let big = Message::binary([b"\xc2\x51\x01".as_slice(), &[0; 16]].concat()); // 2^128
    assert_codec_error(Cbor.decode::<u128>(&big), &Cbor);
}

fn brackets() -> [(AnyCodec, u8); 4] {
    [
        (AnyCodec::new(Cbor), 0x81),
        (AnyCodec::new(Json), b'['),
        (AnyCodec::new(MessagePack), 0x91),
        (AnyCodec::new(Postcard), 1),
    ]
}

/// A text whose message has `bytes` bytes.
fn fitting(codec: &AnyCodec, bytes: usize) -> Message {
    let mut messages = (0..=bytes).rev().map(|size| codec.encode(&"x".repeat(size)).unwrap());
    messages.find(|message| message.len() == bytes).unwrap()
}

fn assert_codec_error<T>(result: Result<T, plimsoll::Error>, codec: &impl Codec) {
    let kind = result.map_err(|error| error.kind()).err();
    assert_eq!(kind, Some(ErrorKind::Codec), "{}", codec.name());
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    List(Vec<Untagged>),
    Map(HashMap<String, Untagged>),
}

/// Remembers how many elements a sequence announced.
struct Hinted;

impl<'de> Deserialize<'de> for Hinted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hints;
        impl<'de> Visitor<'de> for Hints {
            type Value = Hinted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Hinted, A::Error> {
                HINT.set(items.size_hint());
                while items.next_element::<u64>()?.is_some() {}
                Ok(Hinted)
            }
        }
        deserializer.deserialize_seq(Hints)
    }
}

/// Counts how often it is decoded.
#[derive(Debug)]
struct Unit;

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WORK.set(WORK.get() + 1);
        <()>::deserialize(deserializer).map(|()| Self)
    }
}

thread_local! {
    static HINT: Cell<Option<usize>> = const { Cell::new(None) };
    static WORK: Cell<usize> = const { Cell::new(0) };
}
