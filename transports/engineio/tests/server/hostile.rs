//! Clients that break the rules lose their own session, and nobody else's.

use futures::{SinkExt, StreamExt};
use plimsoll_engineio::Options;

use crate::common::*;

#[tokio::test]
async fn a_body_that_is_no_payload_ends_its_session_only() {
    let server = TestServer::echo(Options::default()).await;
    let other = server.open().await;
    for (index, body) in
        ["", "abc", "7", "2", "2probe", "bQ Q", "4a\x1e", "\x1e\x1e\x1e", "4\u{e9}\x1e9"]
            .iter()
            .enumerate()
    {
        let sid = server.open().await;
        assert_eq!(server.post(&sid, body).await.both(), (400, String::new()), "{body:?}");
        let answer = server.poll(&sid).await;
        // What came before the error was delivered, and may have come back.
        assert!(answer.status == 400 || answer.text().starts_with('4'), "{answer:?}");
        let ping = format!("4still here {index}");
        assert_eq!(server.post(&other, &ping).await.status, 200);
        assert_eq!(server.poll(&other).await.text(), ping);
    }
    server.becomes(1).await;
    assert_eq!(server.endpoint.panics(), 0);
}

#[tokio::test]
async fn a_thousand_bad_packets_disturb_no_other_client() {
    let server = TestServer::echo(Options::default()).await;
    let mut other = server.websocket(WEBSOCKET).await;
    other.next().await.unwrap().unwrap();
    for number in 0..1000_u32 {
        let sid = server.open().await;
        let body: Vec<u8> =
            (0..20).map(|at| (number.wrapping_mul(31) >> (at % 24)) as u8).collect();
        let query = format!("{POLLING}&sid={sid}");
        server.ask("POST", &query, TEXT, &[b"\xff", &body[..]].concat()).await;
        if number % 50 == 0 {
            other.send(text(&format!("4{number}"))).await.unwrap();
            assert_eq!(other.next().await.unwrap().unwrap(), text(&format!("4{number}")));
        }
    }
    server.becomes(1).await;
    assert_eq!(server.endpoint.panics(), 0);
}

#[tokio::test]
async fn packets_before_a_bad_one_are_delivered() {
    let (sender, mut received) = tokio::sync::mpsc::channel(10);
    let endpoint = plimsoll::Endpoint::builder().handle(move |mut socket: plimsoll::Socket| {
        let sender = sender.clone();
        async move {
            while let Some(Ok(message)) = socket.recv().await {
                sender.send(message).await.unwrap();
            }
        }
    });
    let engine = plimsoll_engineio::EngineIo::new(Options::default());
    let server = TestServer::start(engine, endpoint.unwrap()).await;
    let sid = server.open().await;
    assert_eq!(server.post(&sid, "4one\x1e4two\x1ex\x1e4never").await.status, 400);
    for expected in ["one", "two"] {
        assert_eq!(received.recv().await.unwrap().as_text(), Some(expected));
    }
    server.becomes(0).await;
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn a_body_of_version_4_is_text() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let query = format!("{POLLING}&sid={sid}");
    let headers = "Content-Type: application/octet-stream\r\n";
    let answer = server.ask("POST", &query, headers, b"4a").await;
    assert_eq!(answer.both(), (400, String::new()));
    assert_eq!(server.poll(&sid).await.both(), (400, UNKNOWN_SID.to_owned()));
}

#[tokio::test]
async fn no_request_of_any_kind_is_a_server_error() {
    let server = TestServer::echo(Options::default().allow_eio3(true).jsonp(true)).await;
    let sid = server.open().await;
    let headers = [
        "",
        UPGRADE,
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket, websocket\r\nSec-WebSocket-Key: a\r\n",
        "Upgrade: \r\n",
    ];
    let methods = ["HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "X"];
    let sids = ["", "&sid=", "&sid=abc", &format!("&sid={sid}&sid=%00"), "&sid=__proto__"];
    for method in methods {
        for headers in headers {
            for transport in ["polling", "websocket", "webtransport", "", "__proto__", "%ff"] {
                for sid in sids {
                    let query = format!("EIO=4&transport={transport}{sid}");
                    let answer = server.ask(method, &query, headers, b"").await;
                    assert_eq!(answer.status, 400, "{method} {query} {headers:?}: {answer:?}");
                }
            }
        }
    }
    assert_eq!(server.endpoint.panics(), 0);
    assert_eq!(server.post(&sid, "4still here").await.status, 200);
}
