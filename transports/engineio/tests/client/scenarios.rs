//! What holds for every server and every way to it.

use plimsoll::{Close, Message};

use crate::ground::{Ground, Way, ask, recv, within};

pub(crate) async fn messages_of_all_kinds_come_back(ground: &Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    for message in [
        Message::from("Grüße, 世界 👋"),
        Message::from(""),
        Message::from(vec![0, 1, 254, 255]),
        Message::from(Vec::new()),
        Message::from("x".repeat(900_000)),
        Message::from(vec![7; 700_000]),
    ] {
        socket.send(message.clone()).await.unwrap();
        let back = recv(&mut socket).await;
        assert!(back == message, "{way:?}: {} bytes came as {}", message.len(), back.len());
    }
}

pub(crate) async fn many_messages_keep_their_order(ground: &Ground, way: Way) {
    let mut receiver = ground.connect(way).await;
    let sender = receiver.sender().clone();
    let sent = tokio::spawn(async move {
        for i in 0..MANY {
            sender.send(message(i)).await.unwrap();
        }
    });
    for i in 0..MANY {
        assert_eq!(recv(&mut receiver).await, message(i), "{way:?}");
    }
    sent.await.unwrap();
}

pub(crate) async fn a_server_may_send_far_more_than_it_is_sent(ground: &Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    socket.send(format!("burst {MANY}")).await.unwrap();
    for i in 0..MANY {
        assert_eq!(recv(&mut socket).await, i.to_string().as_str().into(), "{way:?}");
    }
}

pub(crate) async fn sessions_do_not_mix(ground: &Ground, way: Way) {
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(ground.connect(way).await);
    }
    for round in 0..10 {
        for (i, socket) in sockets.iter().enumerate() {
            socket.send(format!("{i}:{round}")).await.unwrap();
        }
        for (i, socket) in sockets.iter_mut().enumerate() {
            assert_eq!(recv(socket).await, format!("{i}:{round}").into());
        }
    }
}

pub(crate) async fn the_server_closes(ground: &Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    socket.send("close").await.unwrap();
    assert!(within(socket.recv()).await.is_none(), "{way:?}");
    assert!(within(socket.sender().closed()).await.code.may_reconnect());
}

pub(crate) async fn the_client_closes(ground: &Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    assert_eq!(ask(&mut socket, "last words").await, "last words");
    socket.close(Close::normal());
    assert!(within(socket.recv()).await.is_none(), "{way:?}");
    assert_eq!(within(socket.sender().closed()).await, Close::normal());
}

fn message(i: usize) -> Message {
    match i % 3 {
        0 => format!("{i}").into(),
        1 => i.to_be_bytes().to_vec().into(),
        _ => format!("{i}: {}", "é".repeat(i % 500)).into(),
    }
}

const MANY: usize = 3000;
