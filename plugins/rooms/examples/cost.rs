//! What broadcasts and joins cost, by the number of members.
//!
//! ```text
//! cargo run --release -p plimsoll-rooms --example cost
//! ```
#![expect(clippy::print_stdout, reason = "the table is the purpose")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::Uri;
use plimsoll::{Capabilities, Endpoint, Handshake, Sender, SlowPolicy, Socket};
use plimsoll_memory::{Options, pair};
use plimsoll_rooms::Rooms;
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("members | broadcast, per member | join and leave | the same amid broadcasts");
    for members in [10, 100, 1_000, 10_000] {
        measure(members).await;
    }
}

async fn measure(members: usize) {
    let rooms = Rooms::new();
    let (opened, mut senders) = mpsc::channel(1);
    let endpoint = Endpoint::builder().plugin(rooms.clone()).handle(move |mut socket: Socket| {
        let opened = opened.clone();
        async move {
            let _ = opened.send(socket.sender().clone()).await;
            while let Some(Ok(_)) = socket.recv().await {}
        }
    });
    let endpoint = endpoint.expect("options that work");
    let mut peers = Vec::new();
    let mut connect = async || -> Sender {
        let (io, peer) = pair(Options::default()).expect("options that work");
        let handshake = Handshake::new("memory", Capabilities::FULL, Uri::from_static("/"));
        let admission = endpoint.admit(handshake).await.expect("room for all");
        admission.spawn(async { Some(io) });
        peers.push(peer);
        senders.recv().await.expect("a handler")
    };
    for _ in 0..members {
        rooms.join("lobby", &connect().await).expect("room for all");
    }
    let guest = connect().await;

    // Nothing else runs meanwhile: what is measured is the filling of the outboxes.
    let broadcast = median(
        || {},
        || {
            rooms.to("lobby").send("a message of usual length");
        },
    );
    let visit = || {
        rooms.join("lobby", &guest).expect("room for all");
        rooms.leave("lobby", guest.info().id());
    };
    let alone = median(|| {}, visit);
    let (begun, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let busy = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                begun.fetch_add(1, Ordering::Relaxed);
                rooms.to("lobby").policy(SlowPolicy::DropNewest).send("busy");
            }
        });
        let next = || {
            let last = begun.load(Ordering::Relaxed);
            while begun.load(Ordering::Relaxed) == last {
                std::hint::spin_loop();
            }
        };
        let busy = median(next, visit);
        done.store(true, Ordering::Relaxed);
        busy
    });
    let each = broadcast / u32::try_from(members).expect("a small number");
    println!("{members:7} | {each:21.0?} | {alone:14.1?} | {busy:24.1?}");
}

fn median(wait: impl Fn(), work: impl Fn()) -> Duration {
    let mut times: Vec<_> = (0..RUNS)
        .map(|_| {
            wait();
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

const RUNS: usize = 501;
