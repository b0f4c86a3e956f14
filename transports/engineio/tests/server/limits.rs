//! What is bounded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use plimsoll::{Body, Endpoint, HttpTransport, Info, Plugin, Reject, Socket, SocketOptions};
use plimsoll_engineio::{EngineIo, Options};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::common::*;

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let server = TestServer::echo(Options::default().max_payload(100)).await;
    let sid = server.open().await;
    let fits = format!("4{}", "a".repeat(99));
    assert_eq!(server.post(&sid, &fits).await.status, 200);
    assert_eq!(server.poll(&sid).await.text(), fits);
    let answer = server.post(&sid, &format!("4{}", "a".repeat(100))).await;
    assert_eq!(answer.both(), (413, String::new()));

    // One that does not tell its length is stopped on its way.
    let head = format!(
        "POST /engine.io/?{POLLING}&sid={sid} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"65\r\n4").await.unwrap();
    stream.write_all(&[b'a'; 100]).await.unwrap();
    stream.write_all(b"\r\n").await.unwrap();
    assert_eq!(Answer::read(&mut stream).await.both(), (413, String::new()));

    assert_eq!(server.post(&sid, "4the session goes on").await.status, 200);
    assert_eq!(server.poll(&sid).await.text(), "4the session goes on");
}

#[tokio::test]
async fn a_body_that_does_not_come_ends_the_request_with_the_session() {
    let moment = Duration::from_millis(200);
    let options = Options::default().ping_interval(moment).ping_timeout(moment);
    let server = TestServer::echo(options).await;
    let sid = server.open().await;
    let head = format!(
        "POST /engine.io/?{POLLING}&sid={sid} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Content-Length: 10\r\n\r\n4"
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = timeout(Duration::from_secs(60), Answer::read(&mut stream)).await;
    assert_eq!(answer.expect("an answer").both(), (408, String::new()));
    server.becomes(0).await;
}

#[tokio::test]
async fn too_many_packets_in_a_body_end_the_session() {
    let server = TestServer::echo(Options::default().max_packets(3)).await;
    let sid = server.open().await;
    assert_eq!(server.post(&sid, "6\x1e6\x1e6").await.status, 200);
    assert_eq!(server.post(&sid, "6\x1e6\x1e6\x1e6").await.both(), (400, String::new()));
    server.becomes(0).await;
}

#[tokio::test]
async fn a_body_of_separators_costs_one_error() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let body = "\x1e".repeat(1_000_000);
    assert_eq!(server.post(&sid, &body).await.both(), (400, String::new()));
    server.becomes(0).await;
}

#[tokio::test]
async fn sessions_have_a_number_that_is_not_exceeded() {
    let server = TestServer::echo(Options::default().max_sessions(2)).await;
    let first = server.open().await;
    server.open().await;
    let answer = server.ask("GET", POLLING, "", b"").await;
    let full = r#"{"code":4,"message":"too many sessions"}"#;
    assert_eq!(answer.both(), (503, full.to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let answer = server.ask("GET", WEBSOCKET, UPGRADE, b"").await;
    assert_eq!(answer.both(), (503, "too many sessions".to_owned()));
    assert_eq!(server.post(&first, "1").await.status, 200);
    server.becomes(1).await;
    server.open().await;
}

#[tokio::test]
async fn plugins_learn_of_a_session_that_found_no_room() {
    #[derive(Clone, Default)]
    struct Book(Arc<Mutex<Vec<(String, u16)>>>);

    impl Plugin for Book {
        fn refused(&self, info: &Info, reject: &Reject) {
            let entry = (info.query("transport").unwrap(), reject.status().as_u16());
            self.0.lock().unwrap().push(entry);
        }
    }

    let book = Book::default();
    let builder = Endpoint::builder().plugin(book.clone());
    let server = TestServer::with(Options::default().max_sessions(1), builder).await;
    server.open().await;
    assert_eq!(server.ask("GET", POLLING, "", b"").await.status, 503);
    assert_eq!(server.ask("GET", WEBSOCKET, UPGRADE, b"").await.status, 503);
    let expected = [("polling".to_owned(), 503), ("websocket".to_owned(), 503)];
    assert_eq!(*book.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_post_is_answered_no_faster_than_the_application_reads() {
    let endpoint = Endpoint::builder()
        .handle(async |socket: Socket| {
            socket.sender().closed().await;
        })
        .unwrap();
    let server = TestServer::start(EngineIo::new(Options::default()), endpoint).await;
    let sid = server.open().await;
    let body = format!("4{}", "a".repeat(9_999));
    let mut answered = 0;
    // Too short a wait on a busy machine makes the test less strict, but never fails it.
    while let Ok(answer) = timeout(Duration::from_millis(200), server.post(&sid, &body)).await {
        assert_eq!(answer.status, 200);
        answered += 1;
        assert!(answered * body.len() < 200_000, "{answered} bodies were taken");
    }
    assert!(answered > 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_holds_as_much_as_the_options_say() {
    for (options, waiting, taken) in [
        (Options::default().outbox_bytes(5_000).inbox_bytes(2_000), 5, 2),
        (Options::default(), 62, 16),
    ] {
        let (sent, endpoint) = deaf_and_talkative();
        let engine = EngineIo::new(options);
        let answer = ask(&engine, &endpoint, "", "").await.unwrap();
        let sid = sid(&answer);
        let mut posts = 0;
        while ask(&engine, &endpoint, &sid, &format!("4{}", "a".repeat(999))).await.is_some() {
            posts += 1;
        }
        // The socket adds its own bounds of one byte, and both one message more.
        let sent = sent.load(Ordering::Relaxed);
        assert!((waiting..=waiting + 3).contains(&sent), "{sent} messages were sent");
        assert!((taken..=taken + 3).contains(&posts), "{posts} messages were taken");
    }
}

/// Counts the messages that it sends, and receives none.
fn deaf_and_talkative() -> (Arc<AtomicUsize>, Endpoint) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let endpoint = Endpoint::builder()
        .socket(SocketOptions::default().outbox_bytes(1).inbox_bytes(1))
        .handle(move |socket: Socket| {
            let count = Arc::clone(&count);
            async move {
                while socket.send("a".repeat(1000)).await.is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    (sent, endpoint.unwrap())
}

/// Opens a session, or brings `body` to it, without a socket; `None` if the answer does not come.
async fn ask(engine: &EngineIo, endpoint: &Endpoint, sid: &str, body: &str) -> Option<String> {
    let method = if sid.is_empty() { "GET" } else { "POST" };
    let sid = if sid.is_empty() { String::new() } else { format!("&sid={sid}") };
    let request = Request::builder().method(method).uri(format!("/engine.io/?{POLLING}{sid}"));
    let body = Body::from(Bytes::from(body.to_owned()));
    let answer = engine.handle(request.body(body).unwrap(), endpoint);
    let answer = timeout(Duration::from_secs(1), answer).await.ok()?;
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    Some(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_client_that_does_not_poll_costs_no_more_than_the_bound_and_then_its_session() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let endpoint = Endpoint::builder()
        .socket(SocketOptions::default().outbox_bytes(10_000))
        .handle(move |socket: Socket| {
            let count = Arc::clone(&count);
            async move {
                while socket.send("a".repeat(1000)).await.is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
        .unwrap();
    let millis = Duration::from_millis;
    let options = Options::default().ping_interval(millis(200)).ping_timeout(millis(200));
    let server = TestServer::start(EngineIo::new(options), endpoint).await;
    server.open().await;
    server.becomes(1).await;
    server.becomes(0).await;
    let sent = sent.load(Ordering::Relaxed);
    assert!((64..100).contains(&sent), "{sent} messages of 1,000 bytes were taken");
}
