//! Peers that send what nobody asked for.

use plimsoll::{CloseCode, ErrorKind, Message};
use plimsoll_events::{Dialect, Events, RequestError};

use crate::ground::{connect, next};

#[tokio::test]
async fn nothing_that_a_peer_sends_keeps_its_next_request_from_its_answer() {
    for (dialect, name, request, answer) in [
        (
            Dialect::Plimsoll,
            "sum",
            r#"{"request":"sum","id":1,"data":[2,3]}"#,
            r#"{"answer":1,"data":5}"#,
        ),
        (
            Dialect::PrimusEmitter,
            "sum",
            r#"{"type":0,"data":["sum",2,3],"id":1}"#,
            r#"{"id":1,"type":1,"data":[5]}"#,
        ),
        (
            Dialect::PrimusResponder,
            "request",
            r#"{"plugin":"primus-responder","requestId":"a","data":[2,3]}"#,
            r#"{"plugin":"primus-responder","responseId":"a","data":5}"#,
        ),
    ] {
        let builder = Events::builder()
            .dialect(dialect)
            .on_request(name, async |_, (left, right): (i32, i32)| Ok(left + right));
        let (_peer, mut socket, _) = connect(builder);
        for message in hostile() {
            socket.send(message).await.unwrap();
        }
        socket.send(request).await.unwrap();
        while next(&mut socket).await != answer {}
    }
}

#[tokio::test]
async fn primus_emit_handles_the_event_after_anything() {
    let builder = Events::builder()
        .dialect(Dialect::PrimusEmit)
        .on("ping", async |peer, number: i32| peer.emit("pong", &number).await.unwrap());
    let (_peer, mut socket, _) = connect(builder);
    for message in hostile() {
        socket.send(message).await.unwrap();
    }
    socket.send(r#"{"emit":["ping",7]}"#).await.unwrap();
    assert_eq!(next(&mut socket).await, r#"{"emit":["pong",7]}"#);
}

#[tokio::test]
async fn a_message_over_the_limit_of_the_codec_ends_the_connection() {
    let (peer, socket, running) = connect(Events::builder());
    let text = format!(r#"{{"answer":1,"data":"{}"}}"#, "x".repeat(64 * 1024));
    let answer = async {
        socket.send(text).await.unwrap();
        assert_eq!(socket.sender().closed().await.code, CloseCode::TOO_LARGE);
    };
    let (asked, ()) = tokio::join!(peer.request::<String, _>("much", &()).into_future(), answer);
    assert!(matches!(asked, Err(RequestError::Failed(_))));
    assert_eq!(running.await.unwrap().unwrap_err().kind(), ErrorKind::TooLarge);
}

/// What ends a process of the originals, and more.
fn hostile() -> Vec<Message> {
    let texts = [
        "",
        "null",
        "nul",
        "[]",
        "{}",
        "\"\"",
        "1e999",
        r#"[1,"i","__proto__"]"#,
        r#"[0,"toString","news","x"]"#,
        "msg,toString,x",
        r#"{"emit":null}"#,
        r#"{"emit":["end"]}"#,
        r#"{"emit":["ping"]}"#,
        r#"{"emit":["ping",{"__proto__":null}]}"#,
        r#"{"emit":["incoming::end"]}"#,
        r#"{"__proto__":{"emit":["ping",1]}}"#,
        r#"{"type":0,"data":["sum",2,3],"id":-1}"#,
        r#"{"type":0,"data":["error"],"id":2}"#,
        r#"{"type":1,"data":[1],"id":1}"#,
        r#"{"type":1,"data":[1],"id":"__proto__"}"#,
        r#"{"type":1,"data":[1],"id":18446744073709551615}"#,
        r#"{"plugin":"primus-responder","requestId":null}"#,
        r#"{"plugin":"primus-responder","responseId":"1"}"#,
        r#"{"answer":1,"data":1}"#,
        r#"{"answer":1}"#,
        r#"{"error":1,"code":"forged"}"#,
        r#"{"event":"sum","request":"sum","id":1}"#,
        r#"{"request":"sum","id":9}"#,
        r#"{"request":"toString","id":8}"#,
    ];
    let mut messages: Vec<_> = texts.into_iter().map(Message::from).collect();
    messages.push(Message::binary(&b"\xff\xfe"[..]));
    messages.push(Message::text("[".repeat(50_000)));
    messages.push(Message::text(r#"{"emit":["#.repeat(5_000)));
    messages.push(Message::text(format!(r#"{{"type":0,"data":[{}1]}}"#, "1,".repeat(30_000))));
    messages
}
