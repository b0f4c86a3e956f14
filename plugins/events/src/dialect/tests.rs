//! The wire of each dialect, byte for byte.

use ::plimsoll::{ErrorKind, Message};
use plimsoll_encoding::{AnyCodec, Cbor, Codec, Json, MessagePack};
use proptest::prelude::*;
use serde::Serialize;

use super::{Dialect, Incoming, PacketKind, RequestId};
use crate::RemoteError;

fn encode<T: Serialize>(dialect: Dialect, kind: PacketKind<'_, T>) -> String {
    let message = Json.encode(&dialect.packet(kind).unwrap()).unwrap();
    message.as_text().unwrap().to_owned()
}

fn decode(dialect: Dialect, text: &str) -> Incoming {
    dialect.decode(Message::from(text), &AnyCodec::new(Json)).unwrap()
}

fn event(dialect: Dialect, text: &str) -> (String, (u8, String)) {
    match decode(dialect, text) {
        Incoming::Event(event) => (event.name().to_owned(), event.arguments().unwrap()),
        other => panic!("no event: {other:?}"),
    }
}

fn request(dialect: Dialect, text: &str) -> (RequestId, String, (u8, String)) {
    match decode(dialect, text) {
        Incoming::Request { id, name, arguments } => (id, name, arguments.decode().unwrap()),
        other => panic!("no request: {other:?}"),
    }
}

fn answer(dialect: Dialect, text: &str) -> (u64, Result<u8, RemoteError>) {
    match decode(dialect, text) {
        Incoming::Answer { id, answer } => (id, answer.map(|value| value.decode().unwrap())),
        other => panic!("no answer: {other:?}"),
    }
}

const ARGUMENTS: (u8, &str) = (1, "two");

#[test]
fn plimsoll_packets_look_as_documented() {
    let dialect = Dialect::Plimsoll;
    let text = r#"{"event":"news","data":[1,"two"]}"#;
    assert_eq!(encode(dialect, PacketKind::Event { name: "news", arguments: &ARGUMENTS }), text);
    assert_eq!(event(dialect, text), ("news".into(), (1, "two".into())));

    let text = r#"{"request":"sum","id":7,"data":[1,"two"]}"#;
    let kind = PacketKind::Request { name: "sum", id: 7, arguments: &ARGUMENTS };
    assert_eq!(encode(dialect, kind), text);
    let read = request(dialect, text);
    assert_eq!(read, (RequestId::Number(7), "sum".into(), (1, "two".into())));

    let text = r#"{"answer":7,"data":3}"#;
    let id = &RequestId::Number(7);
    assert_eq!(encode(dialect, PacketKind::Answer { id, value: &3 }), text);
    assert_eq!(answer(dialect, text), (7, Ok(3)));

    let text = r#"{"error":7,"code":"too_large","message":"over the limit"}"#;
    let error = &RemoteError::new("too_large", "over the limit");
    assert_eq!(encode(dialect, PacketKind::Error::<()> { id, error }), text);
    assert_eq!(answer(dialect, text), (7, Err(error.clone())));
}

#[test]
fn primus_emit_packets_look_like_the_originals() {
    let dialect = Dialect::PrimusEmit;
    let text = r#"{"emit":["news",1,"two"]}"#;
    assert_eq!(encode(dialect, PacketKind::Event { name: "news", arguments: &ARGUMENTS }), text);
    assert_eq!(event(dialect, text), ("news".into(), (1, "two".into())));
    let text = encode(dialect, PacketKind::Event { name: "news", arguments: &() });
    assert_eq!(text, r#"{"emit":["news"]}"#);
}

#[test]
fn primus_emitter_packets_look_like_the_originals() {
    let dialect = Dialect::PrimusEmitter;
    let text = r#"{"type":0,"data":["news",1,"two"]}"#;
    assert_eq!(encode(dialect, PacketKind::Event { name: "news", arguments: &ARGUMENTS }), text);
    assert_eq!(event(dialect, text), ("news".into(), (1, "two".into())));
    // As in the original, 0 and null are no ids.
    event(dialect, r#"{"type":0,"data":["news",1,"two"],"id":0}"#);
    event(dialect, r#"{"type":0,"data":["news",1,"two"],"id":null}"#);

    let text = r#"{"type":0,"data":["sum",1,"two"],"id":7}"#;
    let kind = PacketKind::Request { name: "sum", id: 7, arguments: &ARGUMENTS };
    assert_eq!(encode(dialect, kind), text);
    let read = request(dialect, text);
    assert_eq!(read, (RequestId::Number(7), "sum".into(), (1, "two".into())));

    let text = r#"{"id":7,"type":1,"data":[3]}"#;
    let id = &RequestId::Number(7);
    assert_eq!(encode(dialect, PacketKind::Answer { id, value: &3 }), text);
    assert_eq!(answer(dialect, text), (7, Ok(3)));
    let text = encode(dialect, PacketKind::Answer { id, value: &("a", "b") });
    assert_eq!(text, r#"{"id":7,"type":1,"data":["a","b"]}"#);
}

#[test]
fn primus_responder_packets_look_like_the_originals() {
    let dialect = Dialect::PrimusResponder;
    let text = r#"{"plugin":"primus-responder","requestId":"7","data":[1,"two"]}"#;
    let kind = PacketKind::Request { name: "request", id: 7, arguments: &ARGUMENTS };
    assert_eq!(encode(dialect, kind), text);
    let read = request(dialect, text);
    assert_eq!(read, (RequestId::Text("7".into()), "request".into(), (1, "two".into())));

    let text = r#"{"plugin":"primus-responder","responseId":"7","data":3}"#;
    let id = &RequestId::Text("7".into());
    assert_eq!(encode(dialect, PacketKind::Answer { id, value: &3 }), text);
    assert_eq!(answer(dialect, text), (7, Ok(3)));
}

#[test]
fn what_is_nothing_of_a_dialect_is_the_applications() {
    let none = |dialect, text: &str| {
        let read = decode(dialect, text);
        let Incoming::Message(message) = read else { panic!("{text} is {read:?}") };
        assert_eq!(message.as_text(), Some(text));
    };
    for dialect in DIALECTS {
        for text in [
            "",
            "null",
            "0",
            "true",
            "\"text\"",
            "[]",
            "{}",
            "{",
            "[null]",
            r#"[1,"i","__proto__"]"#,
            r#"[["news",1]]"#,
            r#"{"__proto__":[]}"#,
            r#"{"toString":1}"#,
            r#"["news",null]"#,
        ] {
            none(dialect, text);
        }
        none(dialect, &"[".repeat(10_000));
        none(dialect, &r#"{"emit":"#.repeat(5_000));
    }
    for text in [
        r#"{"event":1}"#,
        r#"{"event":"a","request":"b","id":1}"#,
        r#"{"request":"a"}"#,
        r#"{"request":"a","id":-1}"#,
        r#"{"error":1}"#,
        r#"{"answer":"1"}"#,
        r#"{"event":"a","event":"b"}"#,
    ] {
        none(Dialect::Plimsoll, text);
    }
    for text in [
        r#"{"emit":null}"#,
        r#"{"emit":[]}"#,
        r#"{"emit":{"0":"news"}}"#,
        r#"{"emit":[1]}"#,
        r#"{"emit":[["news"]]}"#,
        r#"{"emit":["end"]}"#,
        r#"{"emit":["incoming::data",{}]}"#,
        r#"{"emit":["outgoing::end"]}"#,
        r#"{"emit":["__proto__"]}"#,
    ] {
        none(Dialect::PrimusEmit, text);
    }
    for text in [
        r#"{"type":0}"#,
        r#"{"type":0,"data":[]}"#,
        r#"{"type":0,"data":"news"}"#,
        r#"{"type":2,"data":["news"]}"#,
        r#"{"type":0,"data":["news"],"id":"1"}"#,
        r#"{"type":0,"data":["news"],"id":1.5}"#,
        r#"{"type":1,"data":[]}"#,
        r#"{"type":1,"id":"__proto__","data":[]}"#,
        r#"{"type":0,"data":["end"]}"#,
        r#"{"type":0,"data":["error"],"id":1}"#,
    ] {
        none(Dialect::PrimusEmitter, text);
    }
    for text in [
        r#"{"plugin":"primus-responder"}"#,
        r#"{"plugin":1,"requestId":"1"}"#,
        r#"{"plugin":"other","requestId":"1"}"#,
        r#"{"plugin":"primus-responder","requestId":""}"#,
        r#"{"plugin":"primus-responder","requestId":{}}"#,
        r#"{"plugin":"primus-responder","responseId":"__proto__"}"#,
        r#"{"plugin":"primus-responder","responseId":1}"#,
    ] {
        none(Dialect::PrimusResponder, text);
    }
}

#[test]
fn what_a_dialect_does_not_have_is_not_sent() {
    let event = |name| PacketKind::Event { name, arguments: &() };
    let request = |name| PacketKind::Request { name, id: 1, arguments: &() };
    let error = &RemoteError::new("code", "message");
    let failed = || PacketKind::Error { id: &RequestId::Number(1), error };
    for (dialect, kind) in [
        (Dialect::PrimusEmit, event("end")),
        (Dialect::PrimusEmit, event("incoming::open")),
        (Dialect::PrimusEmit, request("sum")),
        (Dialect::PrimusEmit, failed()),
        (Dialect::PrimusEmitter, event("reconnect scheduled")),
        (Dialect::PrimusEmitter, request("__proto__")),
        (Dialect::PrimusEmitter, failed()),
        (Dialect::PrimusResponder, event("news")),
        (Dialect::PrimusResponder, request("sum")),
        (Dialect::PrimusResponder, failed()),
    ] {
        let refused = dialect.packet(kind).map(|_| ()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    }
}

proptest! {
    #[test]
    fn whatever_is_sent_is_received(
        name: String,
        id in 1..u64::MAX,
        arguments: (u8, String),
        error: (String, String),
    ) {
        let ids = [RequestId::Number(id), RequestId::Text(id.to_string())];
        let error = RemoteError::new(error.0, error.1);
        for codec in [AnyCodec::new(Json), AnyCodec::new(MessagePack), AnyCodec::new(Cbor)] {
            for dialect in DIALECTS {
                // The names that it does not have are not sent.
                let again = |kind| {
                    let message = codec.encode(&dialect.packet(kind).ok()?).unwrap();
                    Some(dialect.decode(message, &codec).unwrap())
                };
                let read = again(PacketKind::Event { name: &name, arguments: &arguments });
                if let Some(read) = read {
                    let Incoming::Event(event) = read else { panic!("{read:?}") };
                    prop_assert_eq!(event.name(), &name);
                    prop_assert_eq!(&event.arguments::<(u8, String)>().unwrap(), &arguments);
                }
                for name in [&*name, Dialect::RESPONDER_REQUEST] {
                    let read = again(PacketKind::Request { name, id, arguments: &arguments });
                    let Some(read) = read else { continue };
                    let Incoming::Request { id: same, name: again, arguments: list } = read else {
                        panic!("{read:?}")
                    };
                    prop_assert!(ids.contains(&same));
                    prop_assert_eq!(again, name);
                    prop_assert_eq!(&list.decode::<(u8, String)>().unwrap(), &arguments);
                }
                if dialect == Dialect::PrimusEmit {
                    continue;
                }
                let own = &ids[usize::from(dialect == Dialect::PrimusResponder)];
                let read = again(PacketKind::Answer { id: own, value: &arguments });
                let Some(Incoming::Answer { id: same, answer: Ok(answer) }) = read else {
                    panic!("{read:?}")
                };
                prop_assert_eq!(same, id);
                prop_assert_eq!(&answer.decode::<(u8, String)>().unwrap(), &arguments);
                let read = again(PacketKind::Error { id: own, error: &error });
                let Some(read) = read else { continue };
                let Incoming::Answer { id: same, answer: Err(again) } = read else {
                    panic!("{read:?}")
                };
                prop_assert_eq!(same, id);
                prop_assert_eq!(&again, &error);
            }
        }
    }
}

const DIALECTS: [Dialect; 4] =
    [Dialect::Plimsoll, Dialect::PrimusEmit, Dialect::PrimusEmitter, Dialect::PrimusResponder];
