//! What a handshake carries.

use async_trait::async_trait;
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use plimsoll::{
    Connected, Dial, Dialer, Endpoint, Error, ErrorKind, Handshake, PeerAddr, Plugin, Reject,
    Socket,
};
use tokio::sync::mpsc;

use crate::server::{Server, dialer, echo};

#[tokio::test]
async fn path_query_and_headers_arrive() {
    let (seen, mut infos) = mpsc::unbounded_channel();
    let endpoint = Endpoint::builder()
        .handle(move |socket: Socket| {
            seen.send(socket.info().clone()).unwrap();
            echo(socket)
        })
        .unwrap();
    for server in Server::each(&endpoint).await {
        let mut dial = Dial::new(server.url_of("/rooms/1", "user=J%C3%BCrgen"));
        dial.add_query("token", "a b");
        for tag in ["one", "two"] {
            dial.headers.append(TAG, HeaderValue::from_static(tag));
        }
        dial.headers.insert(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xFF").unwrap());
        let headers = dial.headers.clone();
        let _connected = dialer().open(dial).await.unwrap();
        let info = infos.recv().await.unwrap();
        assert_eq!(info.headers(), &headers);
        assert!(!format!("{info:?}").contains("Bearer"));
        let over_unix = server.url.starts_with("unix:");
        assert_eq!(info.transport(), if over_unix { "unix" } else { "tcp" });
        assert_eq!(info.uri().path(), if over_unix { "/" } else { "/rooms/1" });
        assert_eq!(info.query("user").as_deref(), Some("Jürgen"));
        assert_eq!(info.query("token").as_deref(), Some("a b"));
        assert_eq!(matches!(info.peer().unwrap(), PeerAddr::Ip(_)), !over_unix);
    }
}

#[tokio::test]
async fn headers_of_the_response_arrive() {
    for server in Server::each(&doorman()).await {
        let Connected { info, .. } = open(&dialer(), &server, "", &[]).await.unwrap();
        assert_eq!(info.headers().get(TAG).unwrap(), "answered");
        assert_eq!(info.headers().len(), 1);
    }
}

#[tokio::test]
async fn a_subprotocol_that_both_speak_is_chosen() {
    for server in Server::each(&doorman()).await {
        for (offered, chosen) in [
            (&["chat.v3", "chat.v2", "chat.v1"][..], Some("chat.v2")),
            (&["chat.v3"], None),
            (&[], None),
        ] {
            let Connected { info, .. } = open(&dialer(), &server, "", offered).await.unwrap();
            assert_eq!(info.protocol(), chosen);
        }
    }
}

#[tokio::test]
async fn a_refusal_arrives_with_status_headers_and_body() {
    for server in Server::each(&doorman()).await {
        let error = open(&dialer(), &server, "refuse", &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        let reject = error.reject().unwrap();
        assert_eq!(reject.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(reject.body(), "not so fast");
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("7"))]);
        assert_eq!(*reject.headers(), headers);
    }
}

#[tokio::test]
async fn a_response_that_is_too_large_becomes_a_refusal() {
    for server in Server::each(&doorman()).await {
        let error = open(&dialer(), &server, "large", &[]).await.unwrap_err();
        assert_eq!(error.reject().unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[tokio::test]
async fn a_url_without_what_it_needs_is_an_error_of_the_configuration() {
    for url in ["tcp://", "tcp://localhost", "tcp://local host:1", "unix:", "unix:?user=ann"] {
        let error = dialer().connect(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        assert!(error.to_string().contains("`url`"), "{error}");
    }
}

#[tokio::test]
async fn where_nobody_listens_is_an_error_of_the_system() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(dialer().connect(url).await.unwrap_err().kind(), ErrorKind::Io);
}

async fn open(
    dialer: &Dialer,
    server: &Server,
    query: &str,
    protocols: &[&str],
) -> Result<Connected, Error> {
    let mut dial = Dial::new(server.url_of("/", query));
    dial.protocols = protocols.iter().copied().map(Into::into).collect();
    dialer.open(dial).await
}

fn doorman() -> Endpoint {
    Endpoint::builder().plugin(Doorman).handle(echo).unwrap()
}

struct Doorman;

#[async_trait]
impl Plugin for Doorman {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        match handshake.info().uri().query() {
            Some("refuse") => {
                return Err(Reject::new(StatusCode::TOO_MANY_REQUESTS, "not so fast")
                    .with_header(RETRY_AFTER, HeaderValue::from_static("7")));
            }
            Some("large") => {
                let large = HeaderValue::from_str(&"x".repeat(8 * 1024)).unwrap();
                handshake.response_headers_mut().insert(TAG, large);
            }
            _ => {
                let answered = HeaderValue::from_static("answered");
                handshake.response_headers_mut().insert(TAG, answered);
            }
        }
        for protocol in ["chat.v2", "chat.v1"] {
            handshake.select_protocol(protocol);
        }
        Ok(())
    }
}

const TAG: HeaderName = HeaderName::from_static("x-tag");
