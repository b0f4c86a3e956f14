//! TCP protocols through the tunnel of the examples, over each transport.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

#[path = "../examples/tunnel.rs"]
#[expect(dead_code, reason = "the example's `main`")]
mod tunnel;

#[tokio::test]
async fn http_with_long_bodies_goes_over_every_transport() {
    let target = http_server().await;
    for url in urls() {
        let (address, _tunnel) = dig(&url, &target).await;
        let stream = TcpStream::connect(&address).await.unwrap();
        let (mut requests, connection) =
            client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        // Twice over the same connection.
        for seed in [1, 2] {
            let sent = random(seed);
            let request = Request::post("/").header("host", "here");
            let request = request.body(Full::new(sent.clone())).unwrap();
            let response = requests.send_request(request).await.unwrap();
            let received = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(received.len(), LENGTH, "{url}");
            assert!(received.iter().eq(sent.iter().rev()), "{url}: not what was sent");
        }
    }
}

#[tokio::test]
async fn a_client_that_ends_its_direction_still_gets_its_answer() {
    let target = reverser().await;
    for url in urls() {
        let (address, _tunnel) = dig(&url, &target).await;
        let mut clients = JoinSet::new();
        for seed in 0..5 {
            let address = address.clone();
            clients.spawn(async move {
                let stream = TcpStream::connect(address).await.unwrap();
                let (mut reader, mut writer) = stream.into_split();
                let sent = random(seed).slice(..100_000);
                writer.write_all(&sent).await.unwrap();
                writer.shutdown().await.unwrap();
                let mut received = Vec::new();
                reader.read_to_end(&mut received).await.unwrap();
                assert!(received.iter().eq(sent.iter().rev()), "not what was sent");
            });
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap_or_else(|error| panic!("{url}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_target_that_is_not_there_ends_the_connection() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (address, _tunnel) = dig("ws://127.0.0.1:0/tunnel", &nobody.to_string()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(stream.read_to_end(&mut Vec::new()).await.unwrap(), 0);
}

/// Digs a tunnel to a target, and returns where it begins.
async fn dig(url: &str, target: &str) -> (String, JoinSet<()>) {
    let mut ends = JoinSet::new();
    let (ready, place) = oneshot::channel();
    let (url, target) = (url.to_owned(), target.to_owned());
    ends.spawn(async move {
        tunnel::serve(&url, &target, |url| ready.send(url).unwrap()).await.unwrap();
    });
    let url = place.await.unwrap();
    let (ready, place) = oneshot::channel();
    ends.spawn(async move {
        tunnel::listen("127.0.0.1:0", &url, |address| ready.send(address).unwrap()).await.unwrap();
    });
    (place.await.unwrap(), ends)
}

/// Answers a request with its body backwards.
async fn http_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answer = service_fn(async |request: Request<Incoming>| {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let backwards: Bytes = body.iter().rev().copied().collect();
        Ok::<_, Infallible>(Response::new(Full::new(backwards)))
    });
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    address
}

/// Answers with what it was sent backwards, once it has all.
async fn reverser() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut received = Vec::new();
                stream.read_to_end(&mut received).await.unwrap();
                received.reverse();
                stream.write_all(&received).await.unwrap();
            });
        }
    });
    address
}

fn urls() -> Vec<String> {
    let schemes = ["tcp", "ws", "engineio+http", "sockjs+http"].into_iter();
    let mut urls: Vec<_> = schemes.map(|scheme| format!("{scheme}://127.0.0.1:0/tunnel")).collect();
    urls[0] = "tcp://127.0.0.1:0".to_owned();
    let socket = format!("plimsoll-tunnel-{}-{:x}", std::process::id(), rand::random::<u32>());
    urls.push(format!("unix:{}", std::env::temp_dir().join(socket).display()));
    urls
}

fn random(seed: u64) -> Bytes {
    use rand::{RngExt, SeedableRng};

    let mut bytes = vec![0; LENGTH];
    rand::rngs::SmallRng::seed_from_u64(seed).fill(&mut bytes[..]);
    bytes.into()
}

/// 5 MiB.
const LENGTH: usize = 5 << 20;
