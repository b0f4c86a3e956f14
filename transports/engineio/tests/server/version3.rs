//! Clients of protocol 3.

use std::time::Duration;

use plimsoll_engineio::Options;

use crate::common::*;

const VERSION_3: &str = "EIO=3&transport=polling";

async fn open(server: &TestServer, more: &str) -> String {
    let answer = server.ask("GET", &format!("{VERSION_3}{more}"), "", b"").await;
    assert_eq!(answer.status, 200);
    format!("{VERSION_3}{more}&sid={}", sid(&answer.text().replace('\\', "")))
}

#[tokio::test]
async fn payloads_tell_lengths() {
    let server = TestServer::echo(Options::default().allow_eio3(true)).await;
    let session = open(&server, "").await;
    // The length is in UTF-16 code units.
    let body = "3:4\u{1d11e}".as_bytes();
    let answer = server.ask("POST", &session, TEXT, body).await;
    assert_eq!(answer.both(), (200, "ok".to_owned()));
    let answer = server.ask("GET", &session, "", b"").await;
    assert_eq!((answer.status, &answer.body[..]), (200, body));
}

#[tokio::test]
async fn binary_goes_as_it_is_unless_the_client_takes_text_only() {
    let server = TestServer::echo(Options::default().allow_eio3(true)).await;
    let octets = "Content-Type: application/octet-stream\r\n";
    let body = b"\x01\x04\xff\x04\x01\x02\x03";

    let session = open(&server, "").await;
    assert_eq!(server.ask("POST", &session, octets, body).await.status, 200);
    let answer = server.ask("GET", &session, "", b"").await;
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(&answer.body[..], body);

    // Only the handshake says so.
    let session = open(&server, "&b64=1").await.replace("&b64=1", "");
    assert_eq!(server.ask("POST", &session, octets, body).await.status, 200);
    let answer = server.ask("GET", &session, "", b"").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.text(), "6:b4AQID");
}

#[tokio::test]
async fn the_client_asks_and_the_server_answers() {
    let server = TestServer::echo(Options::default().allow_eio3(true)).await;
    let session = open(&server, "").await;
    assert_eq!(server.ask("POST", &session, TEXT, b"1:2").await.status, 200);
    assert_eq!(server.ask("GET", &session, "", b"").await.text(), "1:3");
    assert_eq!(server.ask("POST", &session, TEXT, b"1:3").await.status, 400);
    server.becomes(0).await;
}

#[tokio::test]
async fn a_client_that_does_not_ask_is_dead() {
    let millis = Duration::from_millis;
    let options = Options::default().ping_interval(millis(30)).ping_timeout(millis(30));
    let server = TestServer::echo(options.allow_eio3(true)).await;
    let session = open(&server, "").await;
    assert_eq!(server.ask("GET", &session, "", b"").await.text(), "1:1");
    server.becomes(0).await;
}

#[tokio::test]
async fn a_script_hands_over_what_a_form_has_brought() {
    let server = TestServer::echo(Options::default().allow_eio3(true).jsonp(true)).await;
    let session = open(&server, "&j=3").await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = server.ask("POST", &session, form, b"d=6%3A4a%5Cn%E2%80%A8b%22").await;
    assert_eq!(answer.both(), (200, "ok".to_owned()));
    let session = session.replace("j=3", "j=4](alert)(");
    let answer = server.ask("GET", &session, "", b"").await;
    assert_eq!(answer.text(), r#"___eio[4]("6:4a\n\u2028b\"");"#);
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=UTF-8"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}
