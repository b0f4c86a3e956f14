//! The move from polling to WebSocket, on real sockets.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use plimsoll_engineio::Options;

use crate::common::*;

#[tokio::test]
async fn polls_end_at_once_while_the_client_moves() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let query = format!("{POLLING}&sid={sid}");
    let mut waiting = server.begin("GET", &query, "", b"").await;
    let mut socket = server.websocket(&format!("{WEBSOCKET}&sid={sid}")).await;
    socket.send(text("2probe")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("3probe"));
    assert_eq!(Answer::read(&mut waiting).await.both(), (200, "6".to_owned()));
    for _ in 0..3 {
        assert_eq!(server.poll(&sid).await.both(), (200, "6".to_owned()));
    }
    // Messages still go by polling.
    assert_eq!(server.post(&sid, "4by polling").await.status, 200);
    loop {
        match &*server.poll(&sid).await.text() {
            "6" => {}
            answer => break assert_eq!(answer, "4by polling"),
        }
    }

    socket.send(text("5")).await.unwrap();
    socket.send(text("4by websocket")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("4by websocket"));
    for method in ["GET", "POST", "PUT"] {
        let answer = server.ask(method, &query, "", b"4a").await;
        assert_eq!(answer.both(), (400, BAD_REQUEST.to_owned()), "{method}");
    }
    assert_eq!(server.endpoint.connections(), 1);
}

#[tokio::test]
async fn what_no_poll_has_taken_goes_over_the_websocket() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let mut socket = server.websocket(&format!("{WEBSOCKET}&sid={sid}")).await;
    socket.send(text("2probe")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("3probe"));
    assert_eq!(server.post(&sid, "4one\x1ebAg==\x1e4three").await.status, 200);
    socket.send(text("5")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("4one"));
    assert_eq!(socket.next().await.unwrap().unwrap().into_data(), &[2][..]);
    assert_eq!(socket.next().await.unwrap().unwrap(), text("4three"));
}

#[tokio::test]
async fn a_second_websocket_is_opened_and_closed_without_a_frame() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let query = format!("{WEBSOCKET}&sid={sid}");
    let mut first = server.websocket(&query).await;
    first.send(text("2probe")).await.unwrap();
    assert_eq!(first.next().await.unwrap().unwrap(), text("3probe"));
    let mut second = server.websocket(&query).await;
    assert!(!matches!(second.next().await, Some(Ok(_))), "a frame came");
    first.send(text("5")).await.unwrap();
    let mut third = server.websocket(&query).await;
    assert!(!matches!(third.next().await, Some(Ok(_))), "a frame came");
    first.send(text("4still here")).await.unwrap();
    assert_eq!(first.next().await.unwrap().unwrap(), text("4still here"));
}

#[tokio::test]
async fn a_websocket_that_does_not_probe_is_closed_and_the_session_goes_on() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    for packet in ["5", "4early", "2", "1", "x", ""] {
        let mut socket = server.websocket(&format!("{WEBSOCKET}&sid={sid}")).await;
        socket.send(text(packet)).await.unwrap();
        assert!(!matches!(socket.next().await, Some(Ok(_))), "a frame came after {packet}");
    }
    assert_eq!(server.post(&sid, "4by polling").await.status, 200);
    assert_eq!(server.poll(&sid).await.text(), "4by polling");
}

#[tokio::test]
async fn a_move_that_takes_too_long_is_given_up() {
    let options = Options::default().upgrade_timeout(Duration::from_millis(50));
    let server = TestServer::echo(options).await;
    let sid = server.open().await;
    let mut socket = server.websocket(&format!("{WEBSOCKET}&sid={sid}")).await;
    socket.send(text("2probe")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("3probe"));
    assert!(!matches!(socket.next().await, Some(Ok(_))));
    assert_eq!(server.post(&sid, "4by polling").await.status, 200);
    assert_eq!(server.poll(&sid).await.text(), "4by polling");

    // Another attempt may succeed.
    let mut socket = server.websocket(&format!("{WEBSOCKET}&sid={sid}")).await;
    socket.send(text("2probe")).await.unwrap();
    socket.send(text("5")).await.unwrap();
    socket.send(text("4moved")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("3probe"));
    assert_eq!(socket.next().await.unwrap().unwrap(), text("4moved"));
}

#[tokio::test]
async fn a_session_is_not_moved_where_upgrades_are_off() {
    let server = TestServer::echo(Options::default().allow_upgrades(false)).await;
    let answer = server.ask("GET", POLLING, "", b"").await;
    assert!(answer.text().contains(r#""upgrades":[]"#));
    let query = format!("{WEBSOCKET}&sid={}", sid(&answer.text()));
    let answer = server.ask("GET", &query, UPGRADE, b"").await;
    assert_eq!(answer.both(), (400, "Bad request".to_owned()));
}

#[tokio::test]
async fn a_close_in_the_middle_of_a_move_ends_the_session() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let mut socket = server.websocket(&format!("{WEBSOCKET}&sid={sid}")).await;
    socket.send(text("2probe")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), text("3probe"));
    assert_eq!(server.post(&sid, "1").await.status, 200);
    server.becomes(0).await;
    assert!(!matches!(socket.next().await, Some(Ok(_))));
}
