//! The contract of a duplex, whatever the options.
//!
//! Faults that lose connections are left out: no case passes on a connection that is lost before
//! the case has ended, as `faults.rs` shows from the other side.

use std::time::Duration;

use plimsoll::Dialer;
use plimsoll_conformance::{Harness, Kit};
use plimsoll_memory::{Faults, Memory, Options, pair};

#[tokio::test(start_paused = true)]
async fn a_pair_keeps_the_contract() {
    kit().check(async || pair(Options::default()).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn a_pair_with_room_for_one_frame_keeps_the_contract() {
    kit().check(async || pair(Options::default().capacity(1)).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_by_name_keeps_the_contract() {
    let (harness, memory) = (Harness::new(), Memory::new());
    let (endpoint, listener) = (harness.endpoint().clone(), memory.listen("here").unwrap());
    tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    kit().check(async || harness.pair(&dialer, "mem://here").await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_threads_keep_the_contract() {
    kit().check(async || pair(Options::default()).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn delays_keep_the_contract() {
    let delays = Faults::seeded(5).latency(Duration::from_millis(20));
    keeps_the_contract_with(delays.jitter(Duration::from_millis(10))).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_keeps_the_contract() {
    keeps_the_contract_with(Faults::seeded(5).slow_reader(10_000_000)).await;
}

async fn keeps_the_contract_with(faults: Faults) {
    let options = Options::default().faults(faults);
    kit().deadline(LONG).check(async || pair(options.clone()).unwrap()).await;
}

/// Both capacities, both windows of delayed frames, and one frame more in each.
fn kit() -> Kit {
    Kit::new().buffer_bound(512 * 1024)
}

/// Paused time costs nothing.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);
