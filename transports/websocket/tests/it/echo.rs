//! A handler that echoes, over each way to make a WebSocket, and with strangers.

use futures::{SinkExt, StreamExt};
use plimsoll::{Dialer, Message, Socket};
use plimsoll_websocket::WebSocket;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message as Foreign;

use crate::server::{Running, dialer};

#[tokio::test]
async fn messages_come_back_over_http_1() {
    let server = Running::echo().await;
    comes_back(&dialer(WebSocket::connector()), server.url()).await;
}

#[tokio::test]
async fn messages_come_back_over_http_2() {
    let server = Running::echo().await;
    comes_back(&dialer(WebSocket::connector().http2(true)), server.url()).await;
}

#[tokio::test]
async fn messages_come_back_from_a_server_that_axum_runs() {
    let server = Running::axum().await;
    comes_back(&dialer(WebSocket::connector()), server.url()).await;
    comes_back(&dialer(WebSocket::connector().http2(true)), server.url()).await;
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn messages_come_back_over_tls() {
    use plimsoll_websocket::ClientTls;

    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let tls = plimsoll_http::Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let server = Running::tls(tls).await;
    let url = format!("wss://localhost:{}/ws", server.addr.port());
    for http2 in [false, true] {
        let trust = ClientTls::from_pem(certificate.as_bytes()).unwrap();
        let connector = WebSocket::connector().http2(http2).tls(trust);
        comes_back(&dialer(connector), url.clone()).await;
    }
    let error = dialer(WebSocket::connector()).connect(url).await.unwrap_err();
    assert_eq!(error.kind(), plimsoll::ErrorKind::Io, "nobody vouches for the certificate");
}

#[tokio::test]
async fn a_foreign_client_gets_its_messages_back() {
    let server = Running::echo().await;
    let (mut foreign, _) = tokio_tungstenite::connect_async(server.url()).await.unwrap();
    for message in [
        Foreign::text("ahoy"),
        Foreign::text(""),
        Foreign::binary(vec![0, 159]),
        Foreign::binary(vec![7; 64 * 1024]),
    ] {
        foreign.send(message.clone()).await.unwrap();
        assert_eq!(foreign.next().await.unwrap().unwrap(), message);
    }
    foreign.send(Foreign::Ping(b"alive"[..].into())).await.unwrap();
    assert_eq!(foreign.next().await.unwrap().unwrap(), Foreign::Pong(b"alive"[..].into()));
    foreign.close(None).await.unwrap();
    assert!(matches!(foreign.next().await, Some(Ok(Foreign::Close(None)))));
    assert!(foreign.next().await.is_none());
}

#[tokio::test]
async fn a_foreign_server_returns_messages() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let foreign = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        socket.send(Foreign::Ping(b"alive"[..].into())).await.unwrap();
        let mut ponged = false;
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Foreign::Pong(payload) => ponged = payload == b"alive"[..],
                Foreign::Close(_) => {}
                message => socket.send(message).await.unwrap(),
            }
        }
        ponged
    });
    comes_back(&dialer(WebSocket::connector()), url).await;
    assert!(foreign.await.unwrap(), "the ping was not answered");
}

async fn comes_back(dialer: &Dialer, url: String) {
    let mut socket = dialer.connect(url).await.unwrap();
    for message in [
        Message::from("ahoy"),
        Message::from(vec![0, 159, 146, 150]),
        Message::from(""),
        Message::from(Vec::new()),
        Message::from("é".repeat(30_000)),
        Message::from(vec![7; 64 * 1024]),
    ] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap(), message);
    }
    in_order(&mut socket).await;
    socket.close(plimsoll::Close::normal());
    assert!(socket.recv().await.is_none());
}

async fn in_order(socket: &mut Socket) {
    let sender = socket.sender().clone();
    let sending = tokio::spawn(async move {
        for index in 0..2000 {
            sender.send(format!("{index}")).await.unwrap();
        }
    });
    for index in 0..2000 {
        let message = socket.recv().await.unwrap().unwrap();
        assert_eq!(message.as_text(), Some(&*format!("{index}")));
    }
    sending.await.unwrap();
}
