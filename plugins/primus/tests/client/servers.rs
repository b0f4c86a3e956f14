//! Each transport and each parser.

use std::time::Duration;

use plimsoll::{CloseCode, Dial, ErrorKind};
use plimsoll_encoding::TypedExt;
use plimsoll_primus::{Primus, parser};
use serde_json::{Value, json};

use crate::ground::{Ground, ask, closed, dialer, recv, within};

/// The transports with the parsers that they can carry.
const SERVERS: [(&str, &str); 10] = [
    ("websockets", "json"),
    ("websockets", "msgpack"),
    ("websockets", "binary"),
    ("engine.io", "json"),
    ("engine.io", "msgpack"),
    ("engine.io", "binary"),
    ("sockjs", "json"),
    ("faye", "json"),
    ("faye", "msgpack"),
    ("faye", "binary"),
];

async fn each(options: &Value, scenario: impl AsyncFn(&Ground, &str)) {
    for (transformer, parser) in SERVERS {
        let mut options = options.clone();
        options["transformer"] = transformer.into();
        options["parser"] = parser.into();
        let Some(ground) = Ground::node(options).await else { return };
        scenario(&ground, &format!("{transformer} with {parser}")).await;
    }
}

#[tokio::test]
async fn values_come_back_as_they_went() {
    each(&json!({}), async |ground, server| {
        let mut socket = ground.connect().await;
        for value in [
            json!(null),
            json!(0),
            json!(-1),
            json!(2_000_000_000),
            json!(1.5),
            json!(""),
            json!(false),
            json!(true),
            json!([]),
            json!({}),
            json!("a\u{2028}b\u{2029}c\u{0}d\"\\"),
            json!("пойду спать 🐟"),
            json!("primus::unknown::x"),
            json!({ "a": [1, { "b": null }], "primus::ping::1": "primus" }),
            json!("x".repeat(70_000)),
        ] {
            assert_eq!(ask(&mut socket, value.clone()).await, value, "{server}");
        }
    })
    .await;
}

#[tokio::test]
async fn long_messages_come_back() {
    each(&json!({}), async |ground, server| {
        let mut socket = ground.connect().await;
        // Node's packing takes time in proportion to the square of the length.
        let count = if server.ends_with("binary") { 1_000 } else { 10_000 };
        let value: Value = vec!["a hundred bytes or so ".repeat(5); count].into();
        assert_eq!(ask(&mut socket, value.clone()).await, value, "{server}");
    })
    .await;
}

#[tokio::test]
async fn many_messages_keep_their_order() {
    each(&json!({}), async |ground, server| {
        let (sender, mut receiver) = ground.connect().await.split();
        let send = async {
            for number in 0..2000 {
                sender.send(json!(number)).await.unwrap();
            }
        };
        let receive = async {
            for number in 0..2000 {
                let received = within(receiver.recv()).await.expect("a value").unwrap();
                assert_eq!(received, json!(number), "{server}");
            }
        };
        tokio::join!(send, receive);
    })
    .await;
}

#[tokio::test]
async fn the_query_and_the_headers_reach_the_server() {
    each(&json!({}), async |ground, server| {
        let mut dial = Dial::new(format!("{}/primus?room=a%20b", ground.url()));
        dial.headers.insert("x-name", "me".parse().unwrap());
        let mut socket = within(dialer().connect(dial)).await.unwrap().typed();
        assert_eq!(ask(&mut socket, "query").await["room"], "a b", "{server}");
        assert_eq!(ask(&mut socket, "header").await, "me", "{server}");
    })
    .await;
}

#[tokio::test]
async fn pings_are_answered() {
    each(&json!({ "pingInterval": 300 }), async |ground, server| {
        let mut socket = ground.connect().await;
        // A client that answers none is gone after two intervals.
        tokio::time::sleep(Duration::from_millis(1000)).await;
        assert_eq!(ask(&mut socket, "there").await, "there", "{server}");
    })
    .await;
}

#[tokio::test]
async fn the_server_tells_the_id() {
    each(&json!({}), async |ground, server| {
        let socket = within(dialer().connect(ground.url())).await.unwrap();
        let id = within(plimsoll_primus::id(&socket)).await.unwrap();
        assert!(!id.is_empty(), "{server}");
        assert_eq!(within(plimsoll_primus::id(&socket)).await.unwrap(), id, "{server}");
    })
    .await;
}

#[tokio::test]
async fn a_server_that_means_to_close_is_not_to_be_called_again() {
    each(&json!({}), async |ground, server| {
        let socket = ground.connect().await;
        socket.send(json!("end")).await.unwrap();
        let code = closed(socket.get_ref()).await.code;
        assert_eq!(code, CloseCode::NORMAL, "{server}");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_left_of_a_connection_that_the_server_ends() {
    for transformer in ["websockets", "engine.io", "sockjs"] {
        let options = json!({ "transformer": transformer });
        let Some(mut ground) = Ground::node(options).await else { return };
        let mut socket = ground.connect().await;
        socket.send(json!("leave")).await.unwrap();
        assert!(within(socket.recv()).await.is_none(), "{transformer}");
        // Engine.IO waits 30 seconds for a client that does not do its part.
        ground.ended().await;
    }
}

#[tokio::test]
async fn a_server_that_only_closes_wants_its_clients_back() {
    each(&json!({}), async |ground, server| {
        let socket = ground.connect().await;
        socket.send(json!("reconnect")).await.unwrap();
        let code = closed(socket.get_ref()).await.code;
        assert!(code.may_reconnect(), "{server}: {code}");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_read() {
    for transformer in ["websockets", "engine.io"] {
        let Some(ground) = Ground::node(json!({ "transformer": transformer })).await else {
            return;
        };
        let url = format!("{}/primus?deny=1", ground.url());
        let error = within(dialer().connect(url)).await.unwrap_err();
        let reject = error.reject().expect("a refusal");
        assert_eq!(reject.status(), 403, "{transformer}");
        assert_eq!(&reject.body()[..], br#"{"error":"not you"}"#, "{transformer}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_dead() {
    let Some(ground) = Ground::node(json!({ "pingInterval": 100 })).await else { return };
    let mut socket = ground.connect().await;
    assert_eq!(ask(&mut socket, "there").await, "there");
    socket.send(json!("silence")).await.unwrap();
    let error = within(socket.recv()).await.expect("an error").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_websocket_needs_no_spec() {
    let Some(ground) = Ground::node(json!({ "parser": "msgpack" })).await else { return };
    let connector = Primus::connector().parser(parser::MessagePack);
    let dialer = plimsoll::Dialer::builder().transport(connector).build().unwrap();
    let url = format!("primus+ws://{}", ground.address);
    let mut socket = within(dialer.connect(url)).await.unwrap().typed();
    assert_eq!(ask(&mut socket, json!([1, "a"])).await, json!([1, "a"]));
    assert_eq!(ask(&mut socket, "query").await, json!({}));
}

#[tokio::test]
async fn what_is_no_server_of_primus_is_an_error() {
    let Some(ground) = Ground::node(json!({})).await else { return };
    let error = within(dialer().connect(format!("{}/elsewhere", ground.url()))).await.unwrap_err();
    assert_eq!(error.reject().expect("a refusal").status(), 404);
}

#[tokio::test]
async fn what_was_sent_before_the_end_arrives() {
    let Some(ground) = Ground::node(json!({})).await else { return };
    let mut socket = ground.connect().await;
    for number in 0..10 {
        socket.send(json!(number)).await.unwrap();
    }
    socket.send(json!("end")).await.unwrap();
    for number in 0..10 {
        assert_eq!(recv(&mut socket).await, json!(number));
    }
    assert!(within(socket.recv()).await.is_none());
}
