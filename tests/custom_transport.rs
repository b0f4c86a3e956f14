//! A transport written outside of this workspace: short, sound, and good for any application.

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use plimsoll::{Dialer, Endpoint, ErrorKind, Handshake, Message, Plugin, Reject, Socket};
use plimsoll_conformance::{Harness, Kit};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[path = "../examples/custom_transport.rs"]
#[expect(dead_code, reason = "the example's `main`")]
mod custom_transport;

use custom_transport::{Lines, LinesConnector};

/// Serves an endpoint, and returns where, without the scheme.
async fn serve(endpoint: Endpoint) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { endpoint.listen(Lines(listener)).await });
    address
}

fn dialer() -> Dialer {
    Dialer::builder().transport(LinesConnector).build().unwrap()
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// Lets in only those who offer a protocol.
struct Protocols;

#[async_trait]
impl Plugin for Protocols {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        let first = handshake.offered_protocols().first().cloned();
        let no_protocol = || Reject::new(StatusCode::BAD_REQUEST, "offer a protocol");
        handshake.select_protocol(&first.ok_or_else(no_protocol)?);
        Ok(())
    }
}

#[test]
fn a_transport_takes_less_than_150_lines() {
    assert!(include_str!("../examples/custom_transport.rs").lines().count() < 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transport_of_a_third_party_keeps_the_contract() {
    let harness = Harness::new();
    let url = format!("lines://{}", serve(harness.endpoint().clone()).await);
    let dialer = dialer();
    let kit = Kit::new().over_limit(1024 * 1024);
    let passed = kit.check(async || harness.pair(&dialer, &url).await.unwrap()).await;
    assert!(passed.contains(&"a_message_over_the_limit_is_refused"));
    assert!(passed.contains(&"binary_is_refused_as_unsupported"));
}

#[tokio::test]
async fn an_application_runs_over_it() {
    let address = serve(Endpoint::builder().handle(echo).unwrap()).await;
    let mut socket = dialer().connect(format!("lines://{address}/chat?a=b")).await.unwrap();
    socket.send("ahoy").await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap(), Message::from("ahoy"));
    let error = socket.send(vec![1, 2, 3]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn plugins_see_the_handshake_and_may_refuse_it() {
    let endpoint = Endpoint::builder().plugin(Protocols).handle(echo).unwrap();
    let url = format!("lines://{}", serve(endpoint).await);
    let error = dialer().connect(&url).await.unwrap_err();
    let reject = error.reject().unwrap();
    assert_eq!(
        (reject.status(), &**reject.body()),
        (StatusCode::BAD_REQUEST, &b"offer a protocol"[..])
    );

    let mut dial = plimsoll::Dial::new(url);
    dial.protocols = vec!["chat".into()];
    let connected = dialer().open(dial).await.unwrap();
    assert_eq!(connected.info.protocol(), Some("chat"));
}

#[tokio::test]
async fn whoever_can_type_lines_can_talk_to_it() {
    let address = serve(Endpoint::builder().handle(echo).unwrap()).await;
    let mut peer = BufReader::new(TcpStream::connect(&address).await.unwrap());
    peer.write_all(br#""[\"/\", []]""#).await.unwrap();
    peer.write_all(b"\n").await.unwrap();
    let mut answer = String::new();
    peer.read_line(&mut answer).await.unwrap();
    assert_eq!(answer, "\"\"\n");
    peer.write_all(b"\"ahoy\"\n").await.unwrap();
    answer.clear();
    peer.read_line(&mut answer).await.unwrap();
    assert_eq!(answer, "\"ahoy\"\n");
    peer.write_all(b"[1000, \"goodbye\"]\n").await.unwrap();
    peer.read_to_string(&mut answer).await.unwrap();
}

#[tokio::test]
async fn a_peer_that_talks_nonsense_is_told_so() {
    let address = serve(Endpoint::builder().handle(echo).unwrap()).await;
    let mut peer = TcpStream::connect(&address).await.unwrap();
    peer.write_all(b"\"[\\\"/\\\", []]\"\nnonsense\n").await.unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("[1002,"), "{answer}");
}

#[tokio::test]
async fn a_peer_that_never_says_what_it_wants_is_dropped() {
    let endpoint = Endpoint::builder().handshake_timeout(Duration::from_millis(20));
    let address = serve(endpoint.handle(echo).unwrap()).await;
    let mut peer = TcpStream::connect(&address).await.unwrap();
    let mut nothing = Vec::new();
    peer.read_to_end(&mut nothing).await.unwrap();
    assert!(nothing.is_empty());
}
