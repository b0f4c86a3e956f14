//! What a peer can make a connection hold in memory.

use std::alloc::System;
use std::sync::{Mutex, PoisonError};

use plimsoll::{Endpoint, Socket};
use plimsoll_tcp::{Options, Tcp};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for all tests: one runs at a time, its runtime included.
fn alone(test: impl Future<Output = ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn a_declared_length_over_the_limit_takes_no_memory() {
    alone(async {
        let mut peer = open(Options::default()).await;
        let before = ALLOCATOR.stats().bytes_allocated;
        peer.write_all(b"\xFF\xFF\xFF\xFF\x02x").await.unwrap();
        let mut close = [0; 7];
        peer.read_exact(&mut close).await.unwrap();
        assert_eq!(close[4..], [8, 0x03, 0xF1]);
        let allocated = ALLOCATOR.stats().bytes_allocated - before;
        assert!(allocated < 16 * 1024, "{allocated} bytes");
    });
}

#[test]
fn a_declared_length_within_the_limit_takes_memory_only_as_it_arrives() {
    alone(async {
        let mut peer = open(Options::default().max_message(u32::MAX as usize)).await;
        let before = ALLOCATOR.stats().bytes_allocated;
        peer.write_all(b"\xFF\xFF\xFF\xFF\x02x").await.unwrap();
        peer.shutdown().await.unwrap();
        // The connection ends, for its last packet is cut off.
        peer.read_to_end(&mut Vec::new()).await.unwrap();
        let allocated = ALLOCATOR.stats().bytes_allocated - before;
        assert!(allocated < 96 * 1024, "{allocated} bytes");
    });
}

#[test]
fn a_flood_of_pings_leaves_nothing_behind() {
    alone(async {
        let mut peer = open(Options::default()).await;
        ping(&mut peer).await;
        let pings = PING.repeat(10_000);
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
        // A buffer of 64 KiB that is full of pongs, and has doubled as it grew.
        assert!(most < 160 * 1024, "{most} bytes");
    });
}

#[test]
fn a_peer_that_does_not_read_holds_what_the_options_say() {
    alone(async {
        let mut peer = open(Options::default()).await;
        ping(&mut peer).await;
        let message = [&65_536_u32.to_be_bytes()[..], &[2], &[7; 65_536]].concat();
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
    });
}

#[test]
fn a_connection_at_rest_holds_no_buffers() {
    alone(async {
        let mut peer = open(Options::default()).await;
        ping(&mut peer).await;
        let before = live();
        for len in [1, 1000, 64 * 1024_u32] {
            let mut message = [&len.to_be_bytes()[..], &[2], &vec![7; len as usize]].concat();
            peer.write_all(&message).await.unwrap();
            peer.read_exact(&mut message).await.unwrap();
            drop(message);
            ping(&mut peer).await;
            let held = live().saturating_sub(before);
            assert!(held < 2048, "{held} bytes after a message of {len}");
        }
    });
}

async fn open(options: Options) -> TcpStream {
    let listener = Tcp::new().options(options).bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let mut peer = TcpStream::connect(addr).await.unwrap();
    peer.write_all(b"\0\0\0\x0A\x10PLIM\x01\0\x01/\0\0").await.unwrap();
    let mut accept = [0; 7];
    peer.read_exact(&mut accept).await.unwrap();
    assert_eq!(accept, *b"\0\0\0\x02\x11\0\0");
    peer
}

/// Waits until all that was sent has been read.
async fn ping(peer: &mut TcpStream) {
    peer.write_all(PING).await.unwrap();
    let mut pong = [0; PING.len()];
    peer.read_exact(&mut pong).await.unwrap();
    assert_eq!(pong, *b"\0\0\0\x04\x0Aping");
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// How much is allocated at present, in bytes.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated)
}

const PING: &[u8] = b"\0\0\0\x04\x09ping";
