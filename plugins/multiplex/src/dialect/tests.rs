use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use plimsoll::{Close, ErrorKind, Message, Reject};
use proptest::prelude::*;

use super::{Dialect, Key, Packet, Request, Response};

proptest! {
    #[test]
    fn messages_of_the_own_dialect_arrive_as_they_were(
        id: u32,
        payload in prop::collection::vec(any::<u8>(), 0..100),
        text in ".*",
        carries_binary: bool,
    ) {
        for message in [Message::from(payload), Message::from(text)] {
            let packet = Packet::Message(message.clone());
            let (key, received) = pass(Dialect::Own, Key::Number(id), packet, carries_binary);
            prop_assert_eq!(key, Key::Number(id));
            prop_assert!(matches!(received, Packet::Message(it) if it == message));
        }
    }

    #[test]
    fn openings_and_answers_of_the_own_dialect_arrive_as_they_were(
        name in ".{0,40}",
        query in prop::option::of(".{0,40}"),
        protocols in prop::collection::vec("[a-z0-9.+-]{1,12}", 0..5),
        headers in prop::collection::vec(("[a-z][a-z0-9-]{0,9}", "[ -~]{0,20}"), 0..10),
        window: u32,
    ) {
        let headers = header_map(&headers);
        let protocol = protocols.first().cloned();
        let request =
            Request { name: name.into(), query, protocols, headers: headers.clone(), window };
        let (_, opening) = pass(Dialect::Own, ID, Packet::Open(request.clone()), true);
        let Packet::Open(received) = opening else { panic!("not an opening") };
        prop_assert_eq!(received.name, request.name);
        prop_assert_eq!(received.query, request.query);
        prop_assert_eq!(received.protocols, request.protocols);
        prop_assert_eq!(&received.headers, &request.headers);
        prop_assert_eq!(received.window, request.window);

        let response = Response { protocol, headers, window };
        let (_, answer) = pass(Dialect::Own, ID, Packet::Accept(response.clone()), true);
        let Packet::Accept(received) = answer else { panic!("not an answer") };
        prop_assert_eq!(received.protocol, response.protocol);
        prop_assert_eq!(received.headers, response.headers);
        prop_assert_eq!(received.window, window);
    }

    #[test]
    fn names_arrive_in_every_dialect(name in any::<String>(), id in any::<String>()) {
        for (dialect, key) in [
            (Dialect::PrimusMultiplex, subscription(&name, &id)),
            (Dialect::Substream, Key::Name(name.as_str().into())),
            (Dialect::WebSocketMultiplex, Key::Name(name.as_str().into())),
        ] {
            let payload = Message::from("[1, \"a,b\"]");
            let packet = Packet::Message(payload.clone());
            let (received, packet) = pass(dialect, key.clone(), packet, true);
            prop_assert_eq!(received, key);
            prop_assert!(matches!(packet, Packet::Message(it) if it == payload));
        }
    }

    #[test]
    fn any_message_is_a_packet_or_an_error_or_about_no_channel(
        text in prop_oneof![
            any::<String>(),
            "[abceortx?][0-9]{0,11}:?.{0,20}",
            "[\\[\\]{}\",:0-9a-z% u]{0,40}",
            "(msg|sub|uns),[%u0-9A-F]{0,12}(,.{0,5})?",
        ],
        binary: bool,
    ) {
        for dialect in ALL {
            let message = match binary {
                true => Message::from(text.clone().into_bytes()),
                false => Message::from(text.clone()),
            };
            if let Err(error) = dialect.decode(message) {
                prop_assert_eq!(dialect, Dialect::Own);
                prop_assert_eq!(error.kind(), ErrorKind::Protocol);
            }
        }
    }
}

#[test]
fn the_examples_of_the_document_are_right() {
    let (_, examples) = include_str!("../../WIRE.md").rsplit_once("```text\n").unwrap();
    let request = Request { window: 262_144, ..Request::named("news".into()) };
    let staff = Request { window: 262_144, ..Request::named("staff".into()) };
    let response = Response { window: 262_144, ..Response::default() };
    let packets = [
        (1, Packet::Open(request)),
        (1, Packet::Accept(response)),
        (1, Packet::Message("ahoy".into())),
        (1, Packet::Message(vec![0, 255].into())),
        (1, Packet::Credit(131_072)),
        (1, Packet::Close(Close::new(1000.into(), "done"))),
        (1, Packet::Close(Close::normal())),
        (3, Packet::Open(staff)),
        (3, Packet::Refuse(Reject::new(StatusCode::FORBIDDEN, "members only"))),
    ];
    for ((id, packet), example) in packets.into_iter().zip(examples.lines()) {
        let encoded = Dialect::Own.encode(&Key::Number(id), packet, false).unwrap().unwrap();
        assert_eq!(encoded.as_text(), Some(example));
    }
}

#[test]
fn a_refusal_keeps_its_status_reason_and_headers() {
    let reject = Reject::unauthorized("Bearer");
    let (_, packet) = pass(Dialect::Own, ID, Packet::Refuse(reject.clone()), true);
    let Packet::Refuse(received) = packet else { panic!("not a refusal") };
    assert_eq!(received.status(), reject.status());
    assert_eq!(received.body(), reject.body());
    assert_eq!(received.headers(), reject.headers());
}

#[test]
fn a_refusal_that_does_not_fit_keeps_its_status() {
    let long = HeaderValue::from_str(&"x".repeat(9000)).unwrap();
    let reject = Reject::new(StatusCode::FORBIDDEN, "no").with_header("a".parse().unwrap(), long);
    let (_, packet) = pass(Dialect::Own, ID, Packet::Refuse(reject), true);
    let Packet::Refuse(received) = packet else { panic!("not a refusal") };
    assert_eq!(received.status(), StatusCode::FORBIDDEN);
}

#[test]
fn a_malformed_packet_of_the_own_dialect_breaks_the_protocol() {
    let headers = vec![["a", "b"]; 65];
    let too_many = serde_json::json!({ "name": "x", "window": 1, "headers": headers });
    let too_long = serde_json::json!({ "name": "x".repeat(9000), "window": 1 });
    for text in [
        &*format!("o1:{too_many}"),
        &*format!("o1:{too_long}"),
        r#"o1:{"name":"x","window":-1}"#,
        r#"o1:{"name":"x","window":1,"headers":[["a b","c"]]}"#,
        r#"o1:{"name":"x","window":1,"headers":[["a","\n"]]}"#,
        r#"r1:{"status":200}"#,
        r#"r1:{"status":600}"#,
        "e1:more",
        "x1:1000",
        "x1:70000,",
        "c1:-1",
        "c1:4294967296",
        "b1:A",
        "t00000000001:eleven digits",
    ] {
        let error = Dialect::Own.decode(text.into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{text}");
    }
    let error = Dialect::Own.decode(b"t1:text".to_vec().into()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

/// Made by Node's `escape`.
#[test]
fn topics_are_escaped_as_javascript_does() {
    for (name, topic) in [
        ("bob, the 2nd/é", "bob%2C%20the%202nd/%E9"),
        ("@*_+-./", "@*_+-./"),
        ("☃", "%u2603"),
        ("👋", "%uD83D%uDC4B"),
        ("100%", "100%25"),
    ] {
        let key = Key::Name(name.into());
        let packet = Packet::Message("x".into());
        let encoded = Dialect::WebSocketMultiplex.encode(&key, packet, true).unwrap().unwrap();
        assert_eq!(encoded.as_text(), Some(&*format!("msg,{topic},x")));
    }
    for (topic, name) in [("%zz%", "%zz%"), ("%u12", "%u12"), ("%uD83D", "\u{FFFD}"), ("é", "é")]
    {
        let (key, _) = decode(Dialect::WebSocketMultiplex, &format!("sub,{topic}"));
        assert_eq!(key, Key::Name(name.into()));
    }
}

#[test]
fn a_payload_that_primus_leaves_out_is_null() {
    for (dialect, text) in [
        (Dialect::PrimusMultiplex, r#"[0,"id","news"]"#),
        (Dialect::PrimusMultiplex, r#"[0,"id","news",null]"#),
        (Dialect::Substream, r#"{"substream":"news"}"#),
        (Dialect::Substream, r#"{"substream":"news","args":null}"#),
    ] {
        let (_, packet) = decode(dialect, text);
        assert!(matches!(packet, Packet::Message(it) if it == Message::from("null")), "{text}");
    }
}

#[test]
fn depth_costs_nothing() {
    let deep = "[".repeat(1_000_000);
    for dialect in ALL {
        let text = format!(r#"[0,"id","news",{deep}"#);
        assert!(!matches!(dialect.decode(text.into()), Ok(Some(_))));
        let message = Packet::Message(Message::from(deep.clone()));
        if let Dialect::PrimusMultiplex | Dialect::Substream = dialect {
            let key = match dialect {
                Dialect::PrimusMultiplex => subscription("news", "id"),
                _ => Key::Name("news".into()),
            };
            let error = dialect.encode(&key, message, true).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
    }
}

fn pass(dialect: Dialect, key: Key, packet: Packet, binary: bool) -> (Key, Packet) {
    let message = dialect.encode(&key, packet, binary).unwrap().unwrap();
    assert!(binary || message.is_text());
    dialect.decode(message).unwrap().unwrap()
}

fn decode(dialect: Dialect, text: &str) -> (Key, Packet) {
    dialect.decode(text.into()).unwrap().unwrap()
}

fn subscription(name: &str, id: &str) -> Key {
    Key::Subscription { name: name.into(), id: id.into() }
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        map.append(name.parse::<HeaderName>().unwrap(), value);
    }
    map
}

const ID: Key = Key::Number(7);
const ALL: [Dialect; 4] =
    [Dialect::Own, Dialect::PrimusMultiplex, Dialect::Substream, Dialect::WebSocketMultiplex];
