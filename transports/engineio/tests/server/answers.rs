//! Statuses and bodies, byte for byte.

use plimsoll_engineio::{Options, Transport};

use crate::common::*;

#[tokio::test]
async fn a_handshake_is_answered_as_by_the_reference_implementation() {
    let server = TestServer::echo(Options::default()).await;
    let answer = server.ask("GET", POLLING, "", b"").await;
    let sid = sid(&answer.text());
    assert_eq!(sid.len(), 22);
    let open = format!(
        r#"0{{"sid":"{sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}}"#
    );
    assert_eq!(answer.both(), (200, open.clone()));
    let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cache-control", "connection", "content-length", "content-type", "date"]);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.header("content-length"), Some(&*open.len().to_string()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn requests_that_open_nothing_get_the_codes_of_the_reference_implementation() {
    let server = TestServer::echo(Options::default()).await;
    for (method, query, body) in [
        ("GET", "", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=abc", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=constructor", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=webtransport", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=polling&sid=abc", UNKNOWN_SID),
        ("GET", "EIO=4&transport=websocket&sid=abc", UNKNOWN_SID),
        ("POST", POLLING, r#"{"code":2,"message":"Bad handshake method"}"#),
        ("PUT", POLLING, r#"{"code":2,"message":"Bad handshake method"}"#),
        ("OPTIONS", POLLING, r#"{"code":2,"message":"Bad handshake method"}"#),
        ("GET", WEBSOCKET, BAD_REQUEST),
        ("GET", "EIO=4&transport=polling&j=0", BAD_REQUEST),
        (
            "GET",
            "EIO=3&transport=polling",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
        ("GET", "transport=polling", r#"{"code":5,"message":"Unsupported protocol version"}"#),
    ] {
        let answer = server.ask(method, query, "", b"").await;
        assert_eq!(answer.both(), (400, body.to_owned()), "{method} {query}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{method} {query}");
    }
    assert_eq!(server.ask("HEAD", POLLING, "", b"").await.status, 400);
    assert_eq!((server.engine.sessions(), server.endpoint.connections()), (0, 0));
}

#[tokio::test]
async fn requests_for_an_upgrade_that_open_nothing_get_the_message() {
    let server = TestServer::echo(Options::default()).await;
    for (query, message) in [
        ("EIO=4&transport=abc", "Transport unknown"),
        ("EIO=4&transport=websocket&sid=abc", "Session ID unknown"),
        ("EIO=3&transport=websocket", "Unsupported protocol version"),
        (POLLING, "Bad request"),
    ] {
        let answer = server.ask("GET", query, UPGRADE, b"").await;
        assert_eq!(answer.both(), (400, message.to_owned()), "{query}");
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(answer.header("content-type"), Some("text/html"));
    }
}

#[tokio::test]
async fn what_a_session_receives_is_answered_with_ok() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let answer = server.post(&sid, "4hello\x1e4world\x1ebAQID").await;
    assert_eq!(answer.both(), (200, "ok".to_owned()));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    let mut received = String::new();
    while received.matches('\x1e').count() < 2 {
        let answer = server.poll(&sid).await;
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        received += &format!("{}{}", if received.is_empty() { "" } else { "\x1e" }, answer.text());
    }
    assert_eq!(received, "4hello\x1e4world\x1ebAQID");
}

#[tokio::test]
async fn a_session_takes_gets_and_posts_only() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = server.ask(method, &format!("{POLLING}&sid={sid}"), "", b"").await;
        assert_eq!(answer.both(), (500, String::new()), "{method}");
    }
    let answer = server.ask("GET", &format!("{WEBSOCKET}&sid={sid}"), "", b"").await;
    assert_eq!(answer.both(), (400, BAD_REQUEST.to_owned()));
    assert_eq!(server.post(&sid, "4still here").await.status, 200);
    assert_eq!(server.poll(&sid).await.text(), "4still here");
}

#[tokio::test]
async fn the_session_of_a_websocket_takes_no_polls() {
    let server = TestServer::echo(Options::default()).await;
    let mut socket = server.websocket(WEBSOCKET).await;
    let open = futures::StreamExt::next(&mut socket).await.unwrap().unwrap();
    let sid = sid(open.to_text().unwrap());
    assert_eq!(server.poll(&sid).await.both(), (400, BAD_REQUEST.to_owned()));
    assert_eq!(server.post(&sid, "4a").await.both(), (400, BAD_REQUEST.to_owned()));
}

#[tokio::test]
async fn a_transport_that_is_off_is_unknown() {
    let options = Options::default().allow_upgrades(false).transports([Transport::Polling]);
    let server = TestServer::echo(options).await;
    let answer = server.ask("GET", WEBSOCKET, UPGRADE, b"").await;
    assert_eq!(answer.both(), (400, "Transport unknown".to_owned()));
    let answer = server.ask("GET", POLLING, "", b"").await;
    assert!(answer.text().contains(r#""upgrades":[]"#), "{}", answer.text());

    let server = TestServer::echo(Options::default().transports([Transport::WebSocket])).await;
    let answer = server.ask("GET", POLLING, "", b"").await;
    assert_eq!(answer.both(), (400, r#"{"code":0,"message":"Transport unknown"}"#.to_owned()));
}

#[tokio::test]
async fn an_initial_packet_comes_with_the_handshake() {
    let server = TestServer::echo(Options::default().initial_packet("welcome")).await;
    let answer = server.ask("GET", POLLING, "", b"").await;
    assert!(answer.text().ends_with("}\x1e4welcome"), "{}", answer.text());
}
