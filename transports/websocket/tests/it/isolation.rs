//! A bad peer loses its own connection only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll::{Message, SlowPolicy};
use plimsoll_websocket::WebSocket;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use tokio::task::JoinHandle;

use crate::raw::{BINARY, FIN, HANDSHAKE, PING, PONG, Raw, TEXT, masked, unmasked};
use crate::server::{Running, dialer, echo, echoes};

#[tokio::test]
async fn a_thousand_bad_peers_do_not_disturb_a_good_one() {
    let server = Running::echo().await;
    let (stop, good) = keep_echoing(&server).await;
    let bad_frames = [
        masked(FIN | 0x70 | TEXT, b"reserved"),
        masked(FIN | TEXT, &[0xff; 10]),
        masked(FIN | PING, &[0; 126]),
        unmasked(FIN | BINARY, b"no mask"),
        masked(0x0f, b""),
        vec![0xff; 100],
    ];
    let bad_requests = [
        HANDSHAKE.replace("13", "14"),
        HANDSHAKE.replace("/ws", "/"),
        HANDSHAKE.replace("ZQ==", ""),
        HANDSHAKE.replace("Upgrade: websocket\r\n", ""),
        "\0\0\0\r\n\r\n".to_owned(),
        format!("GET /ws HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(9000)),
    ];
    for round in 0..1000 {
        let mut raw = Raw::connect(server.addr).await;
        if round % 2 == 0 {
            let head = raw.request(bad_requests[round / 2 % bad_requests.len()].as_bytes()).await;
            assert_eq!(head.get(9..10), Some("4"), "{head}");
        } else {
            raw.open().await;
            raw.write(&bad_frames[round / 2 % bad_frames.len()]).await;
            assert!(matches!(raw.close_code().await, Some(1002 | 1007 | 1009)), "round {round}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(good.await.unwrap() > 0);
    server.until_connections(0).await;
    assert_eq!(server.endpoint.panics(), 0);
}

#[tokio::test]
async fn any_bytes_after_the_handshake_harm_nobody() {
    let server = Running::echo().await;
    let bytes = proptest::collection::vec(proptest::num::u8::ANY, 1..500);
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let mut raw = server.raw().await;
        raw.write(&bytes.new_tree(&mut runner).unwrap().current()).await;
        raw.finish().await;
        raw.end().await;
    }
    server.until_connections(0).await;
    echoes(&mut server.connect().await).await;
    assert_eq!(server.endpoint.panics(), 0);
}

#[tokio::test]
async fn a_reader_that_stops_costs_only_itself() {
    let server = Running::handle(echo).await;
    let mut good = server.connect().await;
    let _stopped = server.raw().await;
    server.until_connections(2).await;
    let message = Message::from(vec![7; 60_000]);
    let mut delivered = 0;
    while server.endpoint.broadcast(message.clone(), SlowPolicy::Close) == 2 {
        assert_eq!(good.recv().await.unwrap().unwrap(), message);
        delivered += 1;
        // The kernel's buffers and an outbox of 1 MiB hold no more.
        assert!(delivered < 1000, "a peer that does not read was not given up");
    }
    assert_eq!(good.recv().await.unwrap().unwrap(), message);
    server.until_connections(1).await;
    echoes(&mut good).await;
}

#[tokio::test]
async fn a_flood_of_pings_holds_up_nobody() {
    let server = Running::echo().await;
    let (stop, good) = keep_echoing(&server).await;
    let mut raw = server.raw().await;
    let pings = masked(FIN | PING, b"").repeat(10_000);
    for _ in 0..100 {
        raw.write_and_read(&pings).await;
    }
    raw.write(&masked(FIN | PING, b"last")).await;
    loop {
        match raw.frame().await {
            Some((PONG, payload)) if payload == b"last" => break,
            Some((PONG, _)) => {}
            other => panic!("{other:?}"),
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(good.await.unwrap() > 0);
}

/// Echoes in the background; returns how many times.
async fn keep_echoing(server: &Running) -> (Arc<AtomicBool>, JoinHandle<u32>) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut socket = dialer(WebSocket::connector()).connect(server.url()).await.unwrap();
    let task = tokio::spawn({
        let stop = Arc::clone(&stop);
        async move {
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                echoes(&mut socket).await;
                count += 1;
            }
            count
        }
    });
    (stop, task)
}
