//! The contract of a duplex, kept by servers and clients as applications use them.

use plimsoll_conformance::{Harness, Kit};
use plimsoll_tcp::Options;

use crate::server::{Server, dialer};

#[tokio::test]
async fn the_contract_is_kept_over_tcp() {
    let harness = Harness::new();
    check(&harness, Server::tcp(harness.endpoint(), Options::default()).await).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_contract_is_kept_over_unix_sockets() {
    let harness = Harness::new();
    check(&harness, Server::unix(harness.endpoint())).await;
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn the_contract_is_kept_over_tls() {
    let harness = Harness::new();
    check(&harness, Server::tls(harness.endpoint()).await).await;
}

async fn check(harness: &Harness, server: Server) {
    let dialer = dialer();
    let kit = Kit::new().over_limit(64 * 1024 + 1);
    kit.check(async || harness.pair(&dialer, &server.url).await.unwrap()).await;
}
