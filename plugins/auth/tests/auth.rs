//! Letting in and turning away, over the memory transport.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::{Server, User, user};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use plimsoll::{
    Backoff, CloseCode, Dial, Dialer, DuplexExt, Endpoint, Error, ErrorKind, Frame, LinkState,
    Message, Plugin, Socket,
};
use plimsoll_auth::{Auth, Credential, Denied, Grant, IdentityExt, Source, Token};
use plimsoll_memory::Memory;
use tokio::time::{Instant, sleep};

#[tokio::test]
async fn a_good_credential_opens_the_door_wherever_it_is() {
    let token = || Token::new(async || Ok("ann".to_owned()));
    for (auth, token, source) in [
        (Auth::new(by_name), token(), Source::Header),
        (Auth::new(by_name).from_header(), token().in_header(), Source::Header),
        (Auth::new(by_name).from_query("key"), token().in_query("key"), Source::Query),
        (Auth::new(by_name).from_cookie("session"), token().in_cookie("session"), Source::Cookie),
        (
            Auth::new(by_name).from_subprotocol("bearer."),
            token().in_subprotocol("bearer."),
            Source::Subprotocol,
        ),
        (Auth::new(by_name).from_first_message(), token().in_first_message(), Source::Message),
    ] {
        let server = Server::start(auth);
        let mut socket = server.dialer(token).connect("mem://server").await.unwrap();
        let who = socket.recv().await.unwrap().unwrap();
        assert_eq!(who.as_text(), Some(&*format!("ann by {source:?}")));
        assert_eq!(socket.info().protocol(), None);
    }
}

#[tokio::test]
async fn the_places_are_tried_in_order() {
    let auth = Auth::new(by_name).from_query("key").from_header().from_first_message();
    let server = Server::start(auth);
    for (url, token, expected) in [
        ("mem://server/?key=ann", Token::new(async || Ok("bob".to_owned())), "ann by Query"),
        ("mem://server/?key=", Token::new(async || Ok("bob".to_owned())), "bob by Header"),
        (
            "mem://server/",
            Token::new(async || Ok("cat".to_owned())).in_first_message(),
            "cat by Message",
        ),
    ] {
        let mut socket = server.dialer(token).connect(url).await.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap().as_text(), Some(expected));
    }
    let bad_first = server.dialer(Token::new(async || Ok("bob".to_owned())));
    let error = bad_first.connect("mem://server/?key=unknown").await.unwrap_err();
    assert_eq!(error.reject().unwrap().status(), 401);
}

#[tokio::test]
async fn a_refusal_tells_what_is_wrong() {
    let server = Server::start(Auth::new(by_name).realm("game"));
    for (token, status, challenge) in [
        (
            "nobody",
            401,
            "Bearer realm=\"game\", error=\"invalid_token\", error_description=\"unknown user\"",
        ),
        (
            "guest",
            403,
            "Bearer realm=\"game\", error=\"insufficient_scope\", \
             error_description=\"members only\"",
        ),
    ] {
        let token = Token::new(async move || Ok(token.to_owned()));
        let error = server.dialer(token).connect("mem://server").await.unwrap_err();
        let reject = error.reject().unwrap();
        assert_eq!(reject.status(), status);
        assert_eq!(reject.headers()[WWW_AUTHENTICATE], challenge);
    }

    let error = server.bare_dialer().connect("mem://server").await.unwrap_err();
    let reject = error.reject().unwrap();
    assert_eq!(reject.status(), 401);
    assert_eq!(reject.headers()[WWW_AUTHENTICATE], "Bearer realm=\"game\"");
    assert_eq!(server.endpoint.connections(), 0);
}

#[tokio::test]
async fn a_credential_over_the_limit_never_reaches_the_verifier() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let auth = Auth::new(move |_: Credential| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok(Grant::new(())) }
    });
    let server = Server::start(auth.max_bytes(10));
    for (token, status) in [("0123456789", None), ("0123456789a", Some(400))] {
        let token = Token::new(async move || Ok(token.to_owned()));
        let connected = server.dialer(token).connect("mem://server").await;
        let refused = connected.err().map(|error| error.reject().unwrap().status().as_u16());
        assert_eq!(refused, status);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_verifier_that_fails_or_hangs_is_not_the_peers_fault() {
    let auth = Auth::new(async |credential: Credential| {
        if credential.matches("hang") {
            sleep(Duration::from_secs(3600)).await;
        }
        Err::<Grant<()>, _>(Denied::unavailable())
    });
    let server = Server::start(auth.timeout(Duration::from_secs(2)));
    for token in ["hang", "fail"] {
        let token = Token::new(async move || Ok(token.to_owned()));
        let error = server.dialer(token).connect("mem://server").await.unwrap_err();
        let reject = error.reject().unwrap();
        assert_eq!(
            (reject.status().as_u16(), &reject.headers()[RETRY_AFTER]),
            (503, &"5".parse().unwrap())
        );
        assert!(reject.may_retry() && !reject.headers().contains_key(WWW_AUTHENTICATE));
    }
}

#[tokio::test]
async fn an_expired_credential_is_refused() {
    let auth = Auth::new(async |_: Credential| Ok(Grant::new(()).valid_for(Duration::ZERO)));
    let server = Server::start(auth);
    let token = Token::new(async || Ok("late".to_owned()));
    let error = server.dialer(token).connect("mem://server").await.unwrap_err();
    assert_eq!(error.reject().unwrap().status(), 401);
}

#[tokio::test]
async fn a_bad_first_message_fails_the_dialer_that_has_the_plugin() {
    let server = Server::start(Auth::new(by_name).from_first_message());
    for (token, status) in [("nobody", 401), ("guest", 403), ("", 401)] {
        let token = Token::new(async move || Ok(token.to_owned())).in_first_message();
        let error = server.dialer(token).connect("mem://server").await.unwrap_err();
        assert_eq!(error.reject().unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_client_without_the_plugin_may_send_its_credential_first() {
    let server = Server::start(Auth::new(by_name).from_first_message());
    for (first, expected) in [
        (Message::from("ann"), Frame::from("ann by Message")),
        (Message::from("nobody"), close(4401, "unknown user")),
        (Message::from(vec![1]), close(4400, "the first message must be the credential, as text")),
    ] {
        let mut io = server.bare_dialer().open(Dial::new("mem://server")).await.unwrap().io;
        io.send(Frame::Ping("?".into())).await.unwrap();
        assert_eq!(io.recv().await.unwrap().unwrap(), Frame::Pong("?".into()));
        io.send(first).await.unwrap();
        assert_eq!(io.recv().await.unwrap().unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_no_first_message_is_sent_away_at_the_deadline() {
    let server = Server::start(Auth::new(by_name).from_first_message());
    let start = Instant::now();
    let mut socket = server.bare_dialer().connect("mem://server").await.unwrap();
    assert!(socket.recv().await.is_none());
    let close = socket.sender().closed().await;
    assert_eq!(close.code, CloseCode::POLICY);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn the_identity_is_there_for_the_handler_the_sender_and_other_plugins() {
    struct Named;
    #[async_trait::async_trait]
    impl Plugin for Named {
        async fn handshake(
            &self,
            handshake: &mut plimsoll::Handshake,
        ) -> Result<(), plimsoll::Reject> {
            let user: Option<User> = handshake.info().identity();
            assert_eq!(user.unwrap().name, "ann");
            Ok(())
        }
    }
    let memory = Memory::new();
    let (seen, mut saw) = tokio::sync::mpsc::channel(1);
    let endpoint = Endpoint::builder()
        .plugin(Auth::new(by_name))
        .plugin(Named)
        .handle(move |socket: Socket| {
            let seen = seen.clone();
            async move {
                assert_eq!(socket.identity::<u32>(), None);
                assert_eq!(socket.info().get::<User>(), Some(&user("ann", Source::Header)));
                let sender = socket.sender().identity::<User>();
                let (_, receiver) = socket.split();
                seen.send((sender, receiver.identity::<User>())).await.unwrap();
            }
        })
        .unwrap();
    let listener = memory.listen("server").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder()
        .transport(memory.connector())
        .plugin(Token::new(async || Ok("ann".to_owned())))
        .build()
        .unwrap();
    let _socket = dialer.connect("mem://server").await.unwrap();
    let ann = Some(user("ann", Source::Header));
    assert_eq!(saw.recv().await.unwrap(), (ann.clone(), ann));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_to_connect_shows_a_fresh_credential() {
    let auth = Auth::new(async |credential: Credential| {
        Ok(Grant::new(user(credential.token(), credential.source()))
            .valid_for(Duration::from_secs(60)))
    });
    let server = Server::start(auth);
    let attempts = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&attempts);
    let token = Token::new(move || {
        let attempt = count.fetch_add(1, Ordering::Relaxed);
        async move {
            match attempt {
                1 => Err(Error::new(ErrorKind::Io)),
                _ => Ok(format!("token-{attempt}")),
            }
        }
    });
    let dialer = server.dialer(token);
    let (mut socket, mut status) =
        dialer.keep_connected("mem://server", Backoff::default()).await.unwrap();
    // No subject, so the grant is not renewable: the connection ends and comes back.
    for attempt in [0, 2, 3] {
        let message = socket.recv().await.unwrap().unwrap();
        assert_eq!(message.as_text(), Some(&*format!("token-{attempt} by Header")));
    }
    assert!(matches!(status.now(), LinkState::Open), "{:?}", status.changed().await);
}

#[tokio::test]
async fn a_supplier_that_fails_fails_the_attempt() {
    let server = Server::start(Auth::new(by_name).from_first_message());
    let token = Token::new(async || Err(Error::with_message(ErrorKind::Timeout, "no issuer")));
    for token in [token.clone(), token.in_first_message()] {
        let error = server.dialer(token).connect("mem://server").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}

#[test]
fn a_wrong_option_is_named() {
    let auth = || Auth::new(by_name);
    for (auth, option) in [
        (auth().from_query(""), "query"),
        (auth().from_cookie("a;b"), "cookie"),
        (auth().from_subprotocol("bearer"), "subprotocol"),
        (auth().max_bytes(0), "max_bytes"),
        (auth().timeout(Duration::ZERO), "timeout"),
        (auth().realm("a\"b"), "realm"),
        (auth().realm(""), "realm"),
    ] {
        let error = auth.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
    assert!(auth().check().is_ok());
    let error = Token::new(async || Ok(String::new())).in_query("").check().unwrap_err();
    assert!(error.to_string().contains("`query`"), "{error}");
}

/// Takes the credential for the name of the user.
async fn by_name(credential: Credential) -> Result<Grant<User>, Denied> {
    match credential.token() {
        "ann" | "bob" | "cat" => Ok(Grant::new(user(credential.token(), credential.source()))),
        "guest" => Err(Denied::insufficient("members only")),
        _ => Err(Denied::invalid("unknown user")),
    }
}

fn close(code: u16, reason: &str) -> Frame {
    Frame::Close(plimsoll::Close::new(code.into(), reason))
}
