//! What is particular to the dialects of others.

use std::time::Duration;

use plimsoll::{ErrorKind, Message};
use plimsoll_multiplex::{Multiplex, Overflow};

use crate::ground::{echo_server, ends, next, wire_to};

#[tokio::test(start_paused = true)]
async fn the_same_id_of_two_connections_is_two_channels() {
    let (one, mut first) = wire_to(Multiplex::primus_multiplex());
    let (other, mut second) = wire_to(Multiplex::primus_multiplex());
    for wire in [&one, &other] {
        wire.send(r#"[1,"id","news"]"#).await.unwrap();
    }
    let mut mine = first.accept().await.unwrap().accept().unwrap();
    let mut theirs = second.accept().await.unwrap().accept().unwrap();
    other.send(r#"[0,"id","news",1]"#).await.unwrap();
    other.send(r#"[2,"id","news"]"#).await.unwrap();
    assert_eq!(next(&mut theirs).await, Message::from("1"));
    assert!(theirs.recv().await.is_none());
    one.send(r#"[0,"id","news",2]"#).await.unwrap();
    assert_eq!(next(&mut mine).await, Message::from("2"));
}

#[tokio::test(start_paused = true)]
async fn every_json_value_survives() {
    for multiplex in [Multiplex::primus_multiplex(), Multiplex::substream()] {
        let client = echo_server(multiplex);
        let mut socket = client.open("values").await.unwrap();
        for value in ["0", "null", "false", "\"\"", "[]", "{\"a\": 1}", "\"\u{2028}\"", "1e400"] {
            socket.send(value).await.unwrap();
            assert_eq!(next(&mut socket).await, Message::from(value));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_a_dialect_without_credit_is_closed_when_it_is_not_read() {
    let (wire, mut server) = wire_to(Multiplex::websocket_multiplex().window(10_000));
    wire.send("sub,slow").await.unwrap();
    let slow = server.accept().await.unwrap();
    wire.send("sub,quick").await.unwrap();
    let mut quick = server.accept().await.unwrap().accept().unwrap();
    for _ in 0..200 {
        wire.send(format!("msg,slow,{}", "x".repeat(1000))).await.unwrap();
    }
    wire.send("msg,quick,still here").await.unwrap();
    assert_eq!(next(&mut quick).await, Message::from("still here"));
    let mut slow = slow.accept().unwrap();
    let end = loop {
        match slow.recv().await {
            Some(Ok(message)) => assert_eq!(message.len(), 1000),
            other => break other,
        }
    };
    assert_eq!(end.unwrap().unwrap_err().kind(), ErrorKind::SlowConsumer);
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_a_dialect_without_credit_can_hold_up_the_connection_instead() {
    let multiplex = Multiplex::websocket_multiplex().window(1000).overflow(Overflow::Wait);
    let (wire, mut server) = wire_to(multiplex);
    wire.send("sub,slow").await.unwrap();
    let slow = server.accept().await.unwrap();
    let writer = tokio::spawn(async move {
        for number in 0..2000 {
            wire.send(format!("msg,slow,{number} {}", "x".repeat(1000))).await.unwrap();
        }
        wire
    });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!writer.is_finished());
    let mut slow = slow.accept().unwrap();
    for number in 0..2000 {
        assert!(next(&mut slow).await.as_text().unwrap().starts_with(&format!("{number} ")));
    }
    writer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn both_sides_of_a_substream_may_open_it() {
    let (client, server) = ends(Multiplex::substream());
    let mut ours = client.open("both").await.unwrap();
    ours.send("1").await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut theirs = server.open("both").await.unwrap();
    assert_eq!(next(&mut theirs).await, Message::from("1"));
    theirs.send("2").await.unwrap();
    assert_eq!(next(&mut ours).await, Message::from("2"));
    assert_eq!(server.open("both").await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn what_a_dialect_cannot_carry_is_unsupported() {
    let client = echo_server(Multiplex::substream());
    for message in
        [Message::from("no json"), "\"substream::end\"".into(), "\"substream:\\u003aend\"".into()]
    {
        let mut socket = client.open("x").await.unwrap();
        socket.send(message).await.unwrap();
        let error = socket.recv().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    let socket = client.open("y").await.unwrap();
    assert_eq!(socket.send(vec![1]).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let (_client, server) = ends(Multiplex::primus_multiplex());
    assert_eq!(server.open("z").await.unwrap_err().kind(), ErrorKind::Unsupported);
}
