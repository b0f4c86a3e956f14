//! What a peer can make a connection hold in memory.

use std::alloc::System;
use std::net::SocketAddr;

use plimsoll::{Endpoint, HttpService, Origins, Socket, SocketOptions};
use plimsoll_http::Server;
use plimsoll_websocket::{Options, WebSocket};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for all tests: one runs at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn a_declared_length_is_not_believed() {
    let _alone = ALONE.lock().await;
    let addr = serve(Options::default()).await;
    let mut peer = open(addr).await;
    let before = ALLOCATOR.stats();
    let mut bytes = vec![0x82, 0xff];
    bytes.extend(((1_u64 << 63) - 1).to_be_bytes());
    bytes.extend([0; 5]);
    peer.write_all(&bytes).await.unwrap();
    let mut close = [0; 4];
    peer.read_exact(&mut close).await.unwrap();
    assert_eq!(close[2..], 1009_u16.to_be_bytes());
    let allocated = ALLOCATOR.stats().bytes_allocated - before.bytes_allocated;
    assert!(allocated < 64 * 1024, "{allocated} bytes");
}

#[tokio::test]
async fn fragments_of_one_byte_take_no_more_than_their_message() {
    let _alone = ALONE.lock().await;
    let mut options = Options::default();
    options.max_fragments = 65_536;
    let addr = serve(options).await;
    for text in [false, true] {
        let mut peer = open(addr).await;
        ping(&mut peer).await;
        let before = live();
        peer.write_all(&[if text { 0x01 } else { 0x02 }, 0x81, 0, 0, 0, 0, b'x']).await.unwrap();
        let fragment = [0x00, 0x81, 0, 0, 0, 0, b'x'];
        peer.write_all(&fragment.repeat(60_000)).await.unwrap();
        ping(&mut peer).await;
        let held = live().saturating_sub(before);
        // One buffer that doubles as it grows, and those of the connection.
        assert!(held < 128 * 1024 + 16 * 1024, "{held} bytes for 60,001");
    }
}

#[tokio::test]
async fn a_flood_of_pings_leaves_nothing_behind() {
    let _alone = ALONE.lock().await;
    let addr = serve(Options::default()).await;
    let mut peer = open(addr).await;
    ping(&mut peer).await;
    let pings = [&[0x89, 0x84, 0, 0, 0, 0][..], b"ping"].concat().repeat(10_000);
    let (before, mut most) = (live(), 0);
    for _ in 0..100 {
        // The peer does not read while it can still write: its answers fill the socket.
        let (mut reader, mut writer) = peer.split();
        let mut pongs = [0; 4096];
        let writing = writer.write_all(&pings);
        let reading = async { while reader.read(&mut pongs).await.unwrap() > 0 {} };
        tokio::select! {
            biased;
            written = writing => written.unwrap(),
            () = reading => unreachable!("the connection ended"),
        }
        most = most.max(live().saturating_sub(before));
    }
    assert!(most < 64 * 1024, "{most} bytes");
}

#[tokio::test]
async fn a_peer_that_does_not_read_holds_what_the_options_say() {
    let _alone = ALONE.lock().await;
    let addr = serve(Options::default()).await;
    let mut peer = open(addr).await;
    ping(&mut peer).await;
    let message = [&[0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0][..], &[7; 65_535]].concat();
    let before = live();
    // Until the server stops reading, for its echoes find no reader.
    let stuck = async { while peer.write_all(&message).await.is_ok() {} };
    let quiet = async {
        let mut held = usize::MAX;
        while held != live() {
            held = live();
            for _ in 0..10_000 {
                tokio::task::yield_now().await;
            }
        }
        held
    };
    let held = tokio::select! {
        held = quiet => held.saturating_sub(before),
        () = stuck => panic!("the connection ended"),
    };
    // An outbox of 1 MiB, an inbox of 64 KiB and one message more, and a buffer each way.
    assert!(held < 1024 * 1024 + 512 * 1024, "{held} bytes");
}

#[tokio::test]
async fn a_connection_at_rest_holds_no_buffers() {
    let _alone = ALONE.lock().await;
    let addr = serve(Options::default()).await;
    let mut peers = Vec::new();
    for _ in 0..8 {
        peers.push(open(addr).await);
    }
    let mut held = Vec::new();
    // The first round is there for what the handshakes leave behind.
    for _ in 0..3 {
        for peer in &mut peers {
            peer.write_all(b"\x82\x84\0\0\0\0ahoy").await.unwrap();
            let mut echo = [0; 6];
            peer.read_exact(&mut echo).await.unwrap();
        }
        let busy = live();
        for peer in &mut peers {
            ping(peer).await;
        }
        held.push((busy, live()));
    }
    assert!(held[2].0 > held[1].1, "{held:?}");
    assert!(held[2].1 <= held[1].1 + 1024, "{held:?}");
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn serve(options: Options) -> SocketAddr {
    let endpoint = Endpoint::builder().socket(SocketOptions::default()).handle(echo).unwrap();
    let service = HttpService::builder(endpoint)
        .at("/ws", WebSocket::new().options(options))
        .origins(Origins::any())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let addr = server.local_addr();
    tokio::spawn(server.serve());
    addr
}

async fn open(addr: SocketAddr) -> TcpStream {
    let mut peer = TcpStream::connect(addr).await.unwrap();
    let handshake = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    peer.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(peer.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    peer
}

/// All that was sent before has been read once the pong is here.
async fn ping(peer: &mut TcpStream) {
    peer.write_all(&[0x89, 0x80, 0, 0, 0, 0]).await.unwrap();
    let mut pong = [0; 2];
    peer.read_exact(&mut pong).await.unwrap();
    assert_eq!(pong, [0x8a, 0]);
}

/// How much is allocated now, in bytes.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated)
}
