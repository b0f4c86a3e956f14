//! How connections end.

use std::time::Duration;

use futures::StreamExt;
use plimsoll::{Close, CloseCode, Endpoint, Socket, SocketOptions};
use plimsoll_heartbeat::Heartbeat;
use plimsoll_websocket::WebSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::raw::{BINARY, CLOSE, FIN, PING, masked};
use crate::server::{PATIENCE, Running, dialer, echo};

#[tokio::test]
async fn the_clients_close_reaches_the_server() {
    let (closes, mut closed) = mpsc::channel(1);
    let server = Running::handle(move |mut socket: Socket| {
        let closes = closes.clone();
        async move {
            assert!(socket.recv().await.is_none());
            closes.send(socket.sender().closed().await).await.unwrap();
        }
    })
    .await;
    for http2 in [false, true] {
        for close in closes_to_send() {
            let connector = WebSocket::connector().http2(http2);
            let socket = dialer(connector).connect(server.url()).await.unwrap();
            socket.close(close.clone());
            assert_eq!(closed.recv().await.unwrap(), close);
            assert_eq!(socket.sender().closed().await, close);
        }
    }
}

#[tokio::test]
async fn the_servers_close_reaches_the_client() {
    let server = Running::handle(async |socket: Socket| {
        let index: usize = socket.info().query("close").unwrap().parse().unwrap();
        socket.close(closes_to_send()[index].clone());
        socket.sender().closed().await;
    })
    .await;
    for http2 in [false, true] {
        for (index, close) in closes_to_send().into_iter().enumerate() {
            let connector = WebSocket::connector().http2(http2);
            let url = format!("{}?close={index}", server.url());
            let mut socket = dialer(connector).connect(url).await.unwrap();
            assert!(socket.recv().await.is_none());
            assert_eq!(socket.sender().closed().await, close);
        }
    }
}

fn closes_to_send() -> Vec<Close> {
    vec![
        Close::normal(),
        Close::new(CloseCode::GOING_AWAY, "restart"),
        Close::new(CloseCode::INTERNAL, "Grüße"),
        Close::new(CloseCode::from(4999), "x".repeat(Close::MAX_REASON)),
    ]
}

#[tokio::test]
async fn a_close_without_a_code_is_told_as_such() {
    let (closes, mut closed) = mpsc::channel(1);
    let server = Running::handle(move |mut socket: Socket| {
        let closes = closes.clone();
        async move {
            assert!(socket.recv().await.is_none());
            closes.send(socket.sender().closed().await.code).await.unwrap();
        }
    })
    .await;
    let mut raw = server.raw().await;
    raw.write(&masked(FIN | CLOSE, b"")).await;
    assert_eq!(raw.frame().await, Some((CLOSE, Vec::new())));
    assert_eq!(raw.frame().await, None);
    assert_eq!(closed.recv().await, Some(CloseCode::NO_STATUS));

    server.raw().await;
    assert_eq!(closed.recv().await, Some(CloseCode::ABNORMAL), "the peer vanished");
}

#[tokio::test]
async fn what_was_sent_before_a_close_arrives() {
    let server = Running::handle(async |socket: Socket| {
        for index in 0..500 {
            socket.send(format!("{index}")).await.unwrap();
        }
    })
    .await;
    for http2 in [false, true] {
        let connector = WebSocket::connector().http2(http2);
        let socket = dialer(connector).connect(server.url()).await.unwrap();
        let sender = socket.sender().clone();
        let messages: Vec<_> = socket.map(|message| message.unwrap()).collect().await;
        assert_eq!(messages.len(), 500);
        assert_eq!(sender.closed().await.code, CloseCode::NORMAL);
    }
}

#[tokio::test]
async fn a_close_comes_through_while_both_are_sending() {
    let server = Running::handle(async |mut socket: Socket| {
        for _ in 0..100 {
            socket.recv().await.unwrap().unwrap();
            socket.send(vec![0; 10_000]).await.unwrap();
        }
        socket.close(Close::new(CloseCode::from(4000), "enough"));
        socket.sender().closed().await;
    })
    .await;
    let mut socket = server.connect().await;
    let sender = socket.sender().clone();
    let sending = tokio::spawn(async move { while sender.send(vec![0; 10_000]).await.is_ok() {} });
    let mut received = 0;
    while let Some(message) = socket.recv().await {
        received += usize::from(message.is_ok());
    }
    assert_eq!(received, 100);
    assert_eq!(u16::from(socket.sender().closed().await.code), 4000);
    sending.await.unwrap();
}

#[tokio::test]
async fn a_peer_that_vanishes_ends_its_connection_only() {
    let server = Running::echo().await;
    let mut other = server.connect().await;
    let mut raw = server.raw().await;
    server.until_connections(2).await;
    raw.write(&[0x82, 0xfe]).await;
    drop(raw);
    server.until_connections(1).await;
    crate::server::echoes(&mut other).await;
}

#[tokio::test]
async fn a_peer_that_does_not_answer_a_close_has_its_time() {
    let options = SocketOptions::default().close_timeout(Duration::from_millis(50));
    let endpoint = Endpoint::builder().socket(options).handle(async |_| {}).unwrap();
    let server = Running::with(WebSocket::new(), endpoint).await;
    let mut raw = server.raw().await;
    assert_eq!(raw.close_code().await, Some(1000));
    assert_eq!(raw.frame().await, None, "the server gave up waiting");
    server.until_connections(0).await;
}

#[tokio::test]
async fn a_failed_peer_that_stays_has_its_time() {
    let options = SocketOptions::default().close_timeout(Duration::from_millis(50));
    let endpoint = Endpoint::builder().socket(options).handle(echo).unwrap();
    let server = Running::with(WebSocket::new(), endpoint).await;
    let mut raw = server.raw().await;
    raw.write(&masked(0x8f, b"")).await;
    assert_eq!(raw.close_code().await, Some(1002));
    server.until_connections(0).await;
}

#[tokio::test]
async fn a_silent_peer_is_found_dead() {
    let heartbeat = Heartbeat::every(Duration::from_millis(50)).timeout(Duration::from_millis(50));
    let endpoint = Endpoint::builder().plugin(heartbeat).handle(echo).unwrap();
    let server = Running::with(WebSocket::new(), endpoint).await;
    let mut alive = server.connect().await;
    let mut raw = server.raw().await;
    server.until_connections(2).await;
    assert!(matches!(raw.frame().await, Some((PING, _))));
    timeout(PATIENCE, server.until_connections(1)).await.unwrap();
    crate::server::echoes(&mut alive).await;
}

#[tokio::test]
async fn a_message_after_the_peers_close_is_not_delivered() {
    let server = Running::echo().await;
    let mut raw = server.raw().await;
    let mut bytes = masked(FIN | CLOSE, &1000_u16.to_be_bytes());
    bytes.extend(masked(FIN | BINARY, b"late"));
    raw.write(&bytes).await;
    assert_eq!(raw.frame().await, Some((CLOSE, 1000_u16.to_be_bytes().to_vec())));
    assert_eq!(raw.frame().await, None);
}
