//! The contract of a duplex, kept by servers and clients as applications use them.

use std::time::Duration;

use plimsoll::{HttpService, Origins};
use plimsoll_conformance::{Harness, Kit};
use plimsoll_http::Server;
use plimsoll_sockjs::{Binary, Options, SockJs};

use crate::ground::{Way, dialer};

#[tokio::test]
async fn the_contract_is_kept_by_polling() {
    check(Way::Polling).await;
}

#[tokio::test]
async fn the_contract_is_kept_by_streaming() {
    check(Way::Streaming).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_websocket() {
    check(Way::WebSocket).await;
}

#[tokio::test]
async fn the_contract_is_kept_without_framing() {
    check(Way::Raw).await;
}

async fn check(way: Way) {
    let harness = Harness::new();
    // A client that is dropped between two requests is missed only after this.
    let delay = Duration::from_millis(500);
    let options = Options::default().binary(Binary::Base64).disconnect_delay(delay);
    let service = HttpService::builder(harness.endpoint().clone())
        .at("/echo", SockJs::new().options(options))
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let url = way.url(&server.local_addr().to_string());
    tokio::spawn(server.serve());
    let dialer = dialer(way.connector().binary(Binary::Base64));
    Kit::new().check(async || harness.pair(&dialer, &url).await.unwrap()).await;
}
