//! What clients that never come back leave in memory.

use std::alloc::System;
use std::time::Duration;

use http::{Request, StatusCode};
use plimsoll::{Body, Endpoint, HttpTransport, Socket};
use plimsoll_engineio::{EngineIo, Options};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_abandoned_handshakes_leave_nothing_behind() {
    let endpoint = Endpoint::builder()
        .handle(async |mut socket: Socket| while socket.recv().await.is_some() {})
        .unwrap();
    let options = Options::default();
    let timeout = options.ping_interval + options.ping_timeout;
    let engine = EngineIo::new(options);
    // What stays for good, whatever comes.
    open(&engine, &endpoint, 1000).await;
    tokio::time::sleep(timeout + LINGER).await;

    let before = live();
    open(&engine, &endpoint, 100_000).await;
    assert_eq!(engine.sessions(), 100_000);
    tokio::time::sleep(timeout + LINGER).await;
    assert_eq!((engine.sessions(), endpoint.connections()), (0, 0));
    let left = live().saturating_sub(before);
    assert!(left < TASK_QUEUE + 16 * 1024, "{left} bytes");
}

async fn open(engine: &EngineIo, endpoint: &Endpoint, sessions: usize) {
    for _ in 0..sessions {
        let request = Request::get("/engine.io/?EIO=4&transport=polling");
        let request = request.body(Body::empty()).unwrap();
        assert_eq!(engine.handle(request, endpoint).await.status(), StatusCode::OK);
    }
    while endpoint.connections() < sessions {
        tokio::task::yield_now().await;
    }
}

/// How much is allocated now, in bytes.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated)
}

/// The runtime's queue of tasks keeps its room: 8 bytes for each, in a power of two.
const TASK_QUEUE: usize = 8 * (1 << 17);
/// How long a session may be remembered after its end, and a second more.
const LINGER: Duration = Duration::from_secs(31);
