//! A channel keeps the contract of a duplex, whatever the connection beneath carries.

use std::sync::atomic::{AtomicU32, Ordering};

use plimsoll::{Capabilities, Dialer, Info, Socket, SocketOptions};
use plimsoll_conformance::{Harness, Kit};
use plimsoll_memory::{Options, pair};
use plimsoll_multiplex::{ChannelConnector, Channels, Multiplex, Overflow};

#[tokio::test(start_paused = true)]
async fn a_channel_keeps_the_contract() {
    let kit = Kit::new().max_message(MAX_MESSAGE).over_limit(70_000).buffer_bound(2 * WINDOW);
    check(kit, Multiplex::own(), Capabilities::FULL).await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_keeps_the_contract_over_a_connection_that_carries_only_text() {
    let kit = Kit::new().max_message(48 * 1024).over_limit(70_000).buffer_bound(2 * WINDOW);
    check(kit, Multiplex::own(), Capabilities::FULL.with_binary(false)).await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_with_the_least_window_keeps_the_contract() {
    let kit = Kit::new().max_message(MAX_MESSAGE).buffer_bound(2 * WINDOW);
    check(kit, Multiplex::own().window(1), Capabilities::FULL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_threads_keep_the_contract() {
    let kit = Kit::new().max_message(MAX_MESSAGE).buffer_bound(2 * WINDOW);
    check(kit, Multiplex::own(), Capabilities::FULL).await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_websocket_multiplex_keeps_what_its_dialect_allows() {
    let kit = Kit::new().max_message(60 * 1024).buffer_bound(16 * WINDOW);
    // The dialect tells every end as a close.
    let kit = [
        "a_drop_ends_the_connection_without_a_close",
        "what_was_flushed_before_a_drop_arrives",
        "a_drop_tears_no_message",
        "a_drop_ends_a_peer_that_is_sending",
        "a_waiting_reader_is_woken_by_the_end",
    ]
    .into_iter()
    .fold(kit, Kit::without);
    // The whole connection waits for a channel that is not read.
    let kit = kit
        .without("a_drop_ends_a_writer_that_waits")
        .without("a_stalled_direction_does_not_stall_the_other");
    let multiplex = Multiplex::websocket_multiplex().overflow(Overflow::Wait);
    check(kit, multiplex, Capabilities::FULL).await;
}

/// All pairs of a kit are channels of one connection.
async fn check(kit: Kit, multiplex: Multiplex, beneath: Capabilities) {
    let (client, server) = pair(Options::default()).unwrap();
    let info = |url: &str| Info::new("memory", beneath, url.parse().unwrap());
    let spawn = |io, url| Socket::spawn(io, info(url), SocketOptions::default());
    let harness = Harness::new();
    let accepted: Channels = multiplex.accept(spawn(server, "mem://server")).unwrap();
    let endpoint = harness.endpoint().clone();
    tokio::spawn(async move { endpoint.listen(accepted).await });

    let channels = multiplex.connect(spawn(client, "mem://client")).unwrap();
    let connector: ChannelConnector = channels.connector();
    let dialer = Dialer::builder().transport(connector).build().unwrap();
    // Where there are no ids, the end of a channel may meet the next one of its name.
    let number = AtomicU32::new(0);
    let name = || format!("channel:{}", number.fetch_add(1, Ordering::Relaxed));
    kit.check(async || harness.pair(&dialer, &name()).await.unwrap()).await;
}

const WINDOW: usize = 256 * 1024;
const MAX_MESSAGE: usize = 64 * 1024 - 12;
