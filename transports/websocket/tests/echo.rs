//! A handler that echoes, over each way to make a WebSocket.

mod common;

use common::{Echo, dialer};
use plimsoll::{Message, Socket};
use plimsoll_websocket::WebSocket;

#[tokio::test]
async fn messages_come_back_over_http_1() {
    let server = Echo::start().await;
    let socket = dialer(WebSocket::connector()).connect(server.url()).await.unwrap();
    echoes(socket).await;
}

#[tokio::test]
async fn messages_come_back_over_http_2() {
    let server = Echo::start().await;
    let connector = WebSocket::connector().http2(true);
    let socket = dialer(connector).connect(server.url()).await.unwrap();
    echoes(socket).await;
}

async fn echoes(mut socket: Socket) {
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
}
