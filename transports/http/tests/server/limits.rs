//! How many connections there may be, and what they may speak.

use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll::{Dialer, Endpoint, ErrorKind, HttpService, Origins, Socket};
use plimsoll_http::Server;
use plimsoll_websocket::WebSocket;
use tokio::io::AsyncWriteExt;

use crate::common::{App, closed, get, response, serve};
use crate::frames;

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_others_end() {
    let app = App::new();
    let server = serve(Server::new(app.clone()).max_connections(2)).await;
    let mut first = server.send(get("/")).await;
    let mut second = server.send(get("/")).await;
    assert_eq!(response(&mut first).await.0, 200);
    assert_eq!(response(&mut second).await.0, 200);
    let mut third = server.send(get("/")).await;
    first.write_all(get("/").as_bytes()).await.unwrap();
    assert_eq!(response(&mut first).await.0, 200);
    assert_eq!(app.requests.load(Ordering::SeqCst), 3, "the third connection waits");
    drop(second);
    assert_eq!(response(&mut third).await.0, 200);
}

#[tokio::test]
async fn an_upgraded_connection_does_not_count_any_more() {
    let endpoint = Endpoint::builder()
        .handle(async |mut socket: Socket| {
            while let Some(Ok(message)) = socket.recv().await {
                socket.send(message).await.unwrap();
            }
        })
        .unwrap();
    let service = HttpService::builder(endpoint)
        .at("/ws", WebSocket::new())
        .origins(Origins::any())
        .build()
        .unwrap();
    let server = serve(Server::new(service).max_connections(1)).await;
    let dialer = Dialer::builder().transport(WebSocket::connector()).build().unwrap();
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(dialer.connect(format!("ws://{}/ws", server.addr)).await.unwrap());
    }
    for socket in &mut sockets {
        socket.send("ahoy").await.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap().as_text(), Some("ahoy"));
    }
}

#[tokio::test]
async fn the_service_is_told_the_address_of_the_peer() {
    let server = serve(Server::new(App::new())).await;
    let mut stream = server.send(get("/")).await;
    let peer = stream.local_addr().unwrap();
    assert_eq!(response(&mut stream).await.1, format!("hello {peer}"));
}

#[tokio::test]
async fn without_keep_alive_a_connection_carries_one_request() {
    let server = serve(Server::new(App::new()).keep_alive(false)).await;
    let mut stream = server.send(get("/") + &get("/")).await;
    assert_eq!(response(&mut stream).await.0, 200);
    assert!(closed(&mut stream).await.is_empty());
}

#[tokio::test]
async fn http_2_can_be_switched_off() {
    let app = App::new();
    let server = serve(Server::new(app.clone()).http2(false)).await;
    let mut stream = server.send(frames::preface()).await;
    let answer = closed(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    app.requested(0).await;
    let mut stream = server.send(get("/")).await;
    assert_eq!(response(&mut stream).await.0, 200);
}

#[tokio::test]
async fn options_that_cannot_work_are_named_before_the_server_runs() {
    for (server, name) in [
        (Server::new(App::new()).header_timeout(Duration::ZERO), "header_timeout"),
        (Server::new(App::new()).header_timeout(Duration::MAX), "header_timeout"),
        (Server::new(App::new()).max_connections(0), "max_connections"),
        (Server::new(App::new()).max_header_bytes(1024), "max_header_bytes"),
        (Server::new(App::new()).max_headers(0), "max_headers"),
        (Server::new(App::new()).max_streams(0), "max_streams"),
    ] {
        let error = server.bind("127.0.0.1:0").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    let error = Server::new(App::new()).bind("192.0.2.1:1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
}
