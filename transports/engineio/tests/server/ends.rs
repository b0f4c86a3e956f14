//! How sessions end.

use std::sync::Arc;

use plimsoll::{Endpoint, Message, Socket};
use plimsoll_engineio::{EngineIo, Options};
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use crate::common::*;

#[tokio::test]
async fn two_polls_that_overlap_end_the_session() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let query = format!("{POLLING}&sid={sid}");
    let mut first = server.begin("GET", &query, "", b"").await;
    // Which of the two the server meets first is not known, only that one waits.
    let mut second = server.begin("GET", &query, "", b"").await;
    let answers = [Answer::read(&mut first).await.both(), Answer::read(&mut second).await.both()];
    assert!(answers.contains(&(400, String::new())), "{answers:?}");
    assert!(answers.contains(&(200, "1".to_owned())), "{answers:?}");
    assert_eq!(server.poll(&sid).await.both(), (400, UNKNOWN_SID.to_owned()));
    server.becomes(0).await;
}

#[tokio::test]
async fn two_posts_that_overlap_end_the_session() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let query = format!("{POLLING}&sid={sid}");
    let chunked = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
    let head = format!("POST /engine.io/?{query} HTTP/1.1\r\nHost: a\r\n{chunked}\r\n2\r\n4a\r\n");
    let mut first = tokio::net::TcpStream::connect(server.address).await.unwrap();
    first.write_all(head.as_bytes()).await.unwrap();
    // Until the first has arrived, the second is the first.
    loop {
        let second = server.post(&sid, "4b").await;
        if second.both() == (400, String::new()) {
            break;
        }
        assert_eq!(second.both(), (200, "ok".to_owned()));
    }
    server.becomes(0).await;
    assert_eq!(server.post(&sid, "4c").await.both(), (400, UNKNOWN_SID.to_owned()));
}

#[tokio::test]
async fn a_poll_that_is_aborted_ends_the_session() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    server.becomes(1).await;
    drop(server.begin("GET", &format!("{POLLING}&sid={sid}"), "", b"").await);
    server.becomes(0).await;
    assert_eq!(server.poll(&sid).await.both(), (400, UNKNOWN_SID.to_owned()));
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn a_post_that_is_broken_off_ends_the_session() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    server.becomes(1).await;
    let head = format!(
        "POST /engine.io/?{POLLING}&sid={sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n4a"
    );
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    server.becomes(0).await;
}

#[tokio::test]
async fn a_client_closes_by_a_packet() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let mut poll = server.begin("GET", &format!("{POLLING}&sid={sid}"), "", b"").await;
    assert_eq!(server.post(&sid, "4first\x1e1\x1e4never").await.both(), (200, "ok".to_owned()));
    let answer = Answer::read(&mut poll).await;
    assert!(["6", "4first"].contains(&&*answer.text()), "{answer:?}");
    server.becomes(0).await;
    assert_eq!(server.poll(&sid).await.both(), (400, UNKNOWN_SID.to_owned()));
}

#[tokio::test]
async fn a_poll_that_waits_learns_at_once_that_the_application_has_closed() {
    let close = Arc::new(Notify::new());
    let closed = Arc::clone(&close);
    let endpoint = Endpoint::builder().handle(move |socket: Socket| {
        let closed = Arc::clone(&closed);
        async move {
            closed.notified().await;
            drop(socket);
        }
    });
    let server = TestServer::start(EngineIo::new(Options::default()), endpoint.unwrap()).await;
    let sid = server.open().await;
    let mut poll = server.begin("GET", &format!("{POLLING}&sid={sid}"), "", b"").await;
    close.notify_one();
    assert_eq!(Answer::read(&mut poll).await.both(), (200, "1".to_owned()));
    server.becomes(0).await;
    assert_eq!(server.poll(&sid).await.both(), (400, UNKNOWN_SID.to_owned()));
}

#[tokio::test]
async fn what_was_sent_before_a_close_waits_for_the_next_poll() {
    let endpoint = Endpoint::builder().handle(async |socket: Socket| {
        for message in ["one", "two"] {
            socket.send(message).await.unwrap();
        }
        socket.send(Message::from(vec![3])).await.unwrap();
    });
    let server = TestServer::start(EngineIo::new(Options::default()), endpoint.unwrap()).await;
    let sid = server.open().await;
    let mut received = Vec::new();
    while received.last().is_none_or(|last| last != "1") {
        let answer = server.poll(&sid).await;
        assert_eq!(answer.status, 200);
        received.extend(answer.text().split('\x1e').map(str::to_owned));
    }
    assert_eq!(received, ["4one", "4two", "bAw==", "1"]);
    assert_eq!(server.poll(&sid).await.both(), (400, UNKNOWN_SID.to_owned()));
}

#[tokio::test]
async fn clients_that_never_come_back_leave_nothing_behind() {
    let millis = std::time::Duration::from_millis;
    let options = Options::default().ping_interval(millis(50)).ping_timeout(millis(50));
    let server = TestServer::echo(options).await;
    for _ in 0..100 {
        server.open().await;
    }
    server.becomes(0).await;
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn a_client_that_polls_but_answers_no_ping_is_dead() {
    let millis = std::time::Duration::from_millis;
    let options = Options::default().ping_interval(millis(20)).ping_timeout(millis(200));
    let server = TestServer::echo(options).await;
    let sid = server.open().await;
    assert_eq!(server.poll(&sid).await.both(), (200, "2".to_owned()), "the whole body");
    assert_eq!(server.poll(&sid).await.both(), (200, "1".to_owned()));
    server.becomes(0).await;
}

#[tokio::test]
async fn a_ping_comes_after_each_pong() {
    let millis = std::time::Duration::from_millis;
    let options = Options::default().ping_interval(millis(20)).ping_timeout(millis(5_000));
    let server = TestServer::echo(options).await;
    let sid = server.open().await;
    for _ in 0..3 {
        assert_eq!(server.poll(&sid).await.both(), (200, "2".to_owned()));
        assert_eq!(server.post(&sid, "3").await.status, 200);
    }
    assert_eq!(server.endpoint.connections(), 1);
}
