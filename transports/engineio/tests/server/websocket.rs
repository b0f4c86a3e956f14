//! Sessions over a WebSocket from the start.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use plimsoll::{Endpoint, SlowPolicy, Socket};
use plimsoll_engineio::{EngineIo, Options};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::common::*;

#[tokio::test]
async fn a_session_opens_with_the_first_frame() {
    let server = TestServer::echo(Options::default().initial_packet("welcome")).await;
    let mut socket = server.websocket(WEBSOCKET).await;
    let open = socket.next().await.unwrap().unwrap();
    let sid = sid(open.to_text().unwrap());
    let expected = format!(
        r#"0{{"sid":"{sid}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#
    );
    assert_eq!(open, text(&expected));
    assert_eq!(socket.next().await.unwrap().unwrap(), text("4welcome"));
    for message in
        [text("4héllo"), Message::binary(vec![4, 0, 255]), text("4"), Message::binary(vec![])]
    {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
}

#[tokio::test]
async fn pings_come_from_the_server() {
    let millis = Duration::from_millis;
    let options = Options::default().ping_interval(millis(20)).ping_timeout(millis(5_000));
    let server = TestServer::echo(options).await;
    let mut socket = server.websocket(WEBSOCKET).await;
    socket.next().await.unwrap().unwrap();
    for _ in 0..3 {
        assert_eq!(socket.next().await.unwrap().unwrap(), text("2"));
        socket.send(text("3")).await.unwrap();
    }
    assert_eq!(server.endpoint.connections(), 1);
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_dead() {
    let millis = Duration::from_millis;
    let options = Options::default().ping_interval(millis(20)).ping_timeout(millis(20));
    let server = TestServer::echo(options).await;
    let mut socket = server.websocket(WEBSOCKET).await;
    socket.next().await.unwrap().unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("2"));
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    server.becomes(0).await;
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn a_client_whose_messages_wait_for_the_application_is_not_dead() {
    let read = Arc::new(Notify::new());
    let reads = Arc::clone(&read);
    let endpoint = Endpoint::builder().handle(move |socket: Socket| {
        let reads = Arc::clone(&reads);
        async move {
            reads.notified().await;
            echo(socket).await;
        }
    });
    let millis = Duration::from_millis;
    let options = Options::default().ping_interval(millis(50)).ping_timeout(millis(50));
    let server = TestServer::start(EngineIo::new(options), endpoint.unwrap()).await;
    let mut socket = server.websocket(WEBSOCKET).await;
    socket.next().await.unwrap().unwrap();
    let message = text(&format!("4{}", "a".repeat(9_999)));
    for _ in 0..20 {
        socket.send(message.clone()).await.unwrap();
    }
    // Its answers wait behind the messages, and the server goes on to show signs of life.
    for _ in 0..5 {
        assert_eq!(socket.next().await.unwrap().unwrap(), text("2"));
        socket.send(text("3")).await.unwrap();
    }
    read.notify_one();
    let mut received = 0;
    while received < 20 {
        match socket.next().await.unwrap().unwrap() {
            ping if ping == text("2") => socket.send(text("3")).await.unwrap(),
            other => {
                assert_eq!(other, message);
                received += 1;
            }
        }
    }
}

#[tokio::test]
async fn a_close_packet_ends_the_session_at_once() {
    let server = TestServer::echo(Options::default()).await;
    let mut socket = server.websocket(WEBSOCKET).await;
    socket.next().await.unwrap().unwrap();
    socket.send(text("1")).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    drop(socket);
    server.becomes(0).await;
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn a_packet_that_is_none_ends_the_session_with_a_code() {
    let server = TestServer::echo(Options::default().max_payload(100)).await;
    let long = format!("4{}", "a".repeat(100));
    for (packet, code) in [
        ("x", CloseCode::Protocol),
        ("", CloseCode::Protocol),
        ("2", CloseCode::Protocol),
        ("b*", CloseCode::Invalid),
        (&long, CloseCode::Size),
    ] {
        let mut socket = server.websocket(WEBSOCKET).await;
        socket.next().await.unwrap().unwrap();
        socket.send(text(packet)).await.unwrap();
        let Some(Ok(Message::Close(Some(close)))) = socket.next().await else {
            panic!("no close after {packet}");
        };
        assert_eq!(close.code, code, "{packet}");
    }
}

#[tokio::test]
async fn a_broadcast_reaches_clients_of_every_kind() {
    let server = TestServer::echo(Options::default().allow_eio3(true)).await;
    let mut socket = server.websocket(WEBSOCKET).await;
    socket.next().await.unwrap().unwrap();
    let sid = server.open().await;
    let old = server.ask("GET", "EIO=3&transport=polling", "", b"").await;
    let old = sid_of_version3(&old.text());
    server.becomes(3).await;
    assert_eq!(server.endpoint.broadcast("news", SlowPolicy::Close), 3);
    assert_eq!(socket.next().await.unwrap().unwrap(), text("4news"));
    assert_eq!(server.poll(&sid).await.text(), "4news");
    let query = format!("EIO=3&transport=polling&sid={old}");
    assert_eq!(server.ask("GET", &query, "", b"").await.text(), "5:4news");
}

fn sid_of_version3(open: &str) -> String {
    let (length, packet) = open.split_once(':').unwrap();
    assert_eq!(length.parse(), Ok(packet.len()));
    sid(packet)
}
