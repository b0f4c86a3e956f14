//! The contract of a duplex, kept by servers and clients as applications use them.

use plimsoll::{Dialer, HttpService, Origins};
use plimsoll_conformance::{Harness, Kit};
use plimsoll_http::Server;
use plimsoll_websocket::{Options, WebSocket, WebSocketConnector};

#[tokio::test]
async fn the_contract_is_kept_over_http_1() {
    check(WebSocket::connector()).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_http_2() {
    check(WebSocket::connector().http2(true)).await;
}

async fn check(connector: WebSocketConnector) {
    // A message over the limit fits into the window of an HTTP/2 stream: it is on its way in one
    // piece, as the kit expects.
    let mut options = Options::default();
    options.max_message = MAX_MESSAGE;
    let harness = Harness::new();
    let service = HttpService::builder(harness.endpoint().clone())
        .at("/ws", WebSocket::new().options(options))
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws", server.local_addr());
    tokio::spawn(server.serve());
    let dialer = Dialer::builder().transport(connector.options(options)).build().unwrap();
    Kit::new()
        .max_message(MAX_MESSAGE)
        .over_limit(MAX_MESSAGE + 1)
        .check(async || harness.pair(&dialer, &url).await.unwrap())
        .await;
}

const MAX_MESSAGE: usize = 32 * 1024;
