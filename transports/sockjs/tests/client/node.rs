//! Node's `sockjs`.

use std::time::Duration;

use plimsoll::ErrorKind;
use plimsoll_sockjs::{Binary, SockJsConnector, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::join;

use crate::ground::{Ground, Way, dialer};
use crate::peer::{ask, recv, within};

everywhere!(Framed, Polling, Raw, Streaming, WebSocket);

async fn run(way: Way, scenario: impl AsyncFn(&mut Ground, Way)) {
    // Small, so that many responses follow each other.
    if let Some(mut ground) = Ground::node(r#"{"response_limit": 4096}"#).await {
        scenario(&mut ground, way).await;
    }
}

#[tokio::test]
async fn a_session_travels_as_it_was_asked_to() {
    let Some(ground) = Ground::node("{}").await else { return };
    for way in [Way::Framed, Way::Polling, Way::Raw, Way::Streaming, Way::WebSocket] {
        let mut socket = ground.connect(way).await;
        assert_eq!(ask(&mut socket, "transport").await, way.name());
        assert_eq!(socket.info().transport(), "sockjs");
    }
}

#[tokio::test]
async fn the_first_transport_that_works_is_taken() {
    for (options, order, taken) in [
        ("{}", &[Transport::WebSocket, Transport::XhrStreaming][..], "websocket"),
        ("{}", &[Transport::XhrPolling, Transport::WebSocket], "xhr-polling"),
        // It says so itself.
        (
            r#"{"websocket": false}"#,
            &[Transport::WebSocket, Transport::XhrStreaming],
            "xhr-streaming",
        ),
    ] {
        let Some(ground) = Ground::node(options).await else { return };
        let connector = SockJsConnector::new().transports(order.iter().copied());
        let connector = connector.open_timeout(Duration::from_secs(20));
        let url = Way::WebSocket.url(&ground.address);
        let mut socket = dialer(connector).connect(url).await.unwrap();
        assert_eq!(ask(&mut socket, "transport").await, taken);
    }
}

#[tokio::test]
async fn every_request_has_the_query_and_the_cookies_of_the_server() {
    let Some(ground) = Ground::node(r#"{"jsessionid": true}"#).await else { return };
    for way in [Way::Polling, Way::Streaming] {
        let url = format!("{}?room=1", way.url(&ground.address));
        let mut socket = way.dialer().connect(url).await.unwrap();
        assert!(ask(&mut socket, "url").await.ends_with("?room=1"));
        assert_eq!(ask(&mut socket, "cookies").await, "JSESSIONID=dummy");
        assert_eq!(socket.info().query("room").as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn binary_messages_travel_if_both_sides_agree() {
    let Some(ground) = Ground::node("{}").await else { return };
    for way in [Way::Framed, Way::Polling, Way::Streaming, Way::WebSocket] {
        let connector = way.connector().binary(Binary::Base64);
        let mut socket = dialer(connector).connect(way.url(&ground.address)).await.unwrap();
        // What is sent comes back, and is read by the side that wrote it.
        socket.send(vec![0, 255]).await.unwrap();
        assert_eq!(recv(&mut socket).await, vec![0, 255].into());
        let socket = ground.connect(way).await;
        let error = socket.send(vec![0, 255]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

#[tokio::test]
async fn heartbeats_keep_a_session_alive() {
    let Some(ground) = Ground::node(r#"{"heartbeat_delay": 50}"#).await else { return };
    for way in [Way::Framed, Way::Polling, Way::Streaming, Way::WebSocket] {
        let connector = way.connector().max_silence(Duration::from_secs(2));
        let mut socket = dialer(connector).connect(way.url(&ground.address)).await.unwrap();
        let silent = tokio::time::timeout(Duration::from_secs(3), socket.recv());
        assert!(silent.await.is_err(), "{way:?}");
        assert_eq!(ask(&mut socket, "ahoy").await, "ahoy");
    }
}

#[tokio::test]
async fn a_silent_server_is_dead() {
    let Some(ground) = Ground::node("{}").await else { return };
    for way in [Way::Framed, Way::Polling, Way::Streaming, Way::WebSocket] {
        let connector = way.connector().max_silence(Duration::from_millis(50));
        let mut socket = dialer(connector).connect(way.url(&ground.address)).await.unwrap();
        let error = within(socket.recv()).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{way:?}");
    }
}

#[tokio::test]
async fn a_killed_server_is_noticed() {
    for way in [Way::Framed, Way::Polling, Way::Raw, Way::Streaming, Way::WebSocket] {
        let Some(ground) = Ground::node("{}").await else { return };
        let mut socket = ground.connect(way).await;
        socket.send("exit").await.unwrap();
        // Over a WebSocket it may look like an end without a close.
        if let Some(received) = within(socket.recv()).await {
            assert_eq!(received.unwrap_err().kind(), ErrorKind::Io, "{way:?}");
        }
        assert!(within(socket.sender().closed()).await.code.may_reconnect());
    }
}

#[tokio::test]
async fn a_server_that_joins_more_than_is_allowed_loses_the_session() {
    let Some(ground) = Ground::node("{}").await else { return };
    for way in [Way::Framed, Way::Polling, Way::Streaming] {
        let connector = way.connector().max_message(100).max_frame(105);
        let mut socket = dialer(connector).connect(way.url(&ground.address)).await.unwrap();
        assert_eq!(ask(&mut socket, &"x".repeat(100)).await.len(), 100);
        socket.send("x".repeat(101)).await.unwrap();
        let error = within(socket.recv()).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{way:?}");
    }
}

#[tokio::test]
async fn a_stream_of_text_comes_back_whole() {
    if let Some(ground) = Ground::node("{}").await {
        stream_text(&ground, Way::Framed).await;
        stream_text(&ground, Way::Raw).await;
    }
}

#[tokio::test]
async fn a_stream_of_shoe_comes_back_whole() {
    if let Some(ground) = Ground::script("shoe", "").await {
        stream_text(&ground, Way::Polling).await;
        stream_text(&ground, Way::Streaming).await;
        stream_text(&ground, Way::WebSocket).await;
    }
}

async fn stream_text(ground: &Ground, way: Way) {
    let text = "Grüße, 世界 \u{1f600}\n".repeat(20_000);
    let stream = ground.connect(way).await.into_byte_stream().text(true);
    let (mut reader, mut writer) = split(stream);
    let mut received = vec![0; text.len()];
    let written = async {
        for piece in text.as_bytes().chunks(1001) {
            writer.write_all(piece).await.unwrap();
        }
        writer.flush().await.unwrap();
    };
    let (read, ()) = within(async { join!(reader.read_exact(&mut received), written) }).await;
    assert_eq!(read.unwrap(), text.len());
    assert!(received == text.as_bytes(), "{way:?}: not what was sent");
    within(writer.shutdown()).await.unwrap();
    assert_eq!(within(reader.read(&mut [0])).await.unwrap(), 0);
}
