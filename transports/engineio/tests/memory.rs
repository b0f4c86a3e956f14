//! What a session at rest holds in memory.

use std::alloc::System;
use std::net::SocketAddr;

use plimsoll::{Endpoint, HttpService, Origins, Socket};
use plimsoll_engineio::{EngineIo, Options};
use plimsoll_http::Server;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[tokio::test]
async fn a_poll_that_waits_does_not_hold_its_request() {
    let (address, endpoint) = serve().await;
    // The first is there for what the server keeps for all.
    let _first = wait(address, &endpoint, 1).await;
    let before = live();
    let mut polls = Vec::new();
    for number in 2..=1 + SESSIONS {
        polls.push(wait(address, &endpoint, number).await);
    }
    let held = live().saturating_sub(before) / SESSIONS;
    // The two buffers of hyper have 8 KiB each. A request is a part of another one.
    assert!(held < 32 * 1024, "{held} bytes");
}

async fn serve() -> (SocketAddr, Endpoint) {
    let endpoint = Endpoint::builder().handle(greet).unwrap();
    let service = HttpService::builder(endpoint.clone())
        .at("/engine.io/", EngineIo::new(Options::default()))
        .origins(Origins::any())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    tokio::spawn(server.serve());
    (address, endpoint)
}

async fn greet(mut socket: Socket) {
    let _ = socket.send("ahoy").await;
    while socket.recv().await.is_some() {}
}

/// Opens a session, takes what waits, and polls again.
async fn wait(address: SocketAddr, endpoint: &Endpoint, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let open = ask(&mut stream, "").await;
    let sid = open.split_once("\"sid\":\"").unwrap().1.split('"').next().unwrap();
    let sid = format!("&sid={sid}");
    assert!(ask(&mut stream, &sid).await.ends_with("4ahoy"));
    request(&mut stream, &sid).await;
    assert_eq!(endpoint.connections(), number);
    // Once another connection is answered, the server has read what came before.
    ask(&mut TcpStream::connect(address).await.unwrap(), "&sid=none").await;
    stream
}

async fn ask(stream: &mut TcpStream, query: &str) -> String {
    request(stream, query).await;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8(answer[..read].to_vec()).unwrap()
}

async fn request(stream: &mut TcpStream, query: &str) {
    let request = format!(
        "GET /engine.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: localhost\r\n\
         User-Agent: {}\r\n\r\n",
        "a browser".repeat(50)
    );
    stream.write_all(request.as_bytes()).await.unwrap();
}

fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

const SESSIONS: usize = 16;
