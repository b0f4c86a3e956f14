//! The contract of a duplex, kept by servers and clients as applications use them.

use std::time::Duration;

use plimsoll::{BoxDuplex, Dialer, DuplexExt, ErrorKind, Frame, HttpService, Origins};
use plimsoll_conformance::{Harness, Kit};
use plimsoll_engineio::{EngineIo, Options};
use plimsoll_http::Server;
use tokio::time::timeout;

use crate::ground::Way;

#[tokio::test]
async fn the_contract_is_kept_by_polling() {
    check(Way::Polling, NOT_BY_POLLING).await;
}

#[tokio::test]
async fn the_contract_is_kept_over_websocket() {
    check(Way::WebSocket, &[]).await;
}

#[tokio::test]
async fn the_contract_is_kept_after_an_upgrade() {
    check(Way::Upgraded, &[]).await;
}

async fn check(way: Way, without: &[&'static str]) {
    let harness = Harness::new();
    // A server notices by its pings that a client is gone which has no request under way.
    let interval = Duration::from_secs(5);
    let options = Options::default().ping_interval(interval).ping_timeout(interval);
    let service = HttpService::builder(harness.endpoint().clone())
        .at("/engine.io/", EngineIo::new(options))
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let url = way.url(&server.local_addr().to_string());
    tokio::spawn(server.serve());
    let dialer = Dialer::builder().transport(way.connector()).build().unwrap();
    let kit = without.iter().fold(Kit::new(), |kit, case| kit.without(case));
    kit.check(async || {
        let mut pair = harness.pair(&dialer, &url).await.unwrap();
        if way == Way::Upgraded {
            let (client, server) = pair.ends();
            tokio::join!(moved(client), moved(server));
        }
        pair
    })
    .await;
}

/// Polls one end until it has sent and received what cannot travel by polling.
async fn moved(end: &mut BoxDuplex) {
    let separator = "\u{1e}";
    let mut received = None;
    while let Err(error) = end.send(separator).await {
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        if received.is_none() {
            received = timeout(Duration::from_millis(1), end.recv()).await.ok();
        }
    }
    let received = match received {
        Some(received) => received,
        None => end.recv().await,
    };
    assert_eq!(received.unwrap().unwrap(), Frame::from(separator));
}

/// What polling cannot do.
const NOT_BY_POLLING: &[&str] = &[
    // Text with U+001E cannot travel.
    "text_keeps_every_character",
    // A session that the server drops is closed by a packet, like any other.
    "a_drop_ends_a_peer_that_is_sending",
    "a_drop_ends_a_writer_that_waits",
    // It is forgotten by then, and the next poll turned away.
    "closing_without_a_close_ends_the_stream",
    // For a while the server keeps what nobody has asked for.
    "dropping_both_ends_frees_what_was_between",
];
