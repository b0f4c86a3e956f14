//! Credentials that expire, under paused time.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::{Server, User, user};
use plimsoll::{
    Backoff, Capabilities, Close, CloseCode, Connected, Dial, DuplexExt, Error, ErrorKind, Frame,
    Handshake, LinkState, Plugin, Socket,
};
use plimsoll_auth::{Auth, Credential, Denied, Grant, Source, Token};
use tokio::time::{Instant, sleep, timeout};

const LIFE: Duration = Duration::from_secs(600);

#[tokio::test(start_paused = true)]
async fn a_connection_outlives_its_first_credential_if_fresh_ones_come() {
    let server = Server::start(Auth::new(numbered));
    let (token, made) = numbering("ann");
    let mut socket = server.dialer(token).connect("mem://server").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 0 by Header");
    assert!(timeout(LIFE * 10, socket.recv()).await.is_err(), "nothing ends, nothing is seen");
    // Each credential is renewed 30 s before its end.
    assert_eq!(made.load(Ordering::Relaxed), 1 + 6000 / 570);
    socket.send("who?").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 10 by Message");
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_came_as_the_first_message_is_renewed_too() {
    let server = Server::start(Auth::new(numbered).from_first_message());
    let (token, _) = numbering("ann");
    let dialer = server.dialer(token.in_first_message());
    let mut socket = dialer.connect("mem://server").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 0 by Message");
    assert!(timeout(LIFE, socket.recv()).await.is_err());
    socket.send("who?").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 1 by Message");
}

#[tokio::test(start_paused = true)]
async fn a_client_without_the_plugin_is_closed_when_its_credential_expires() {
    let server = Server::start(Auth::new(numbered));
    let mut dial = Dial::new("mem://server");
    dial.headers.insert("authorization", "Bearer ann 0".parse().unwrap());
    let start = Instant::now();
    let mut io = server.bare_dialer().open(dial).await.unwrap().io;
    assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from("ann 0 by Header"));
    assert_eq!(io.recv().await.unwrap().unwrap(), expired());
    assert_eq!(start.elapsed().as_secs(), LIFE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_answer_is_asked_again_and_closed_at_the_end() {
    let server = Server::start(Auth::new(numbered));
    let start = Instant::now();
    let mut io = announced(&server, "ann 0").await;
    for before_the_end in [30_000, 15_000, 7_500, 3_750, 1_875] {
        assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from("~auth:refresh"));
        let due = LIFE - Duration::from_millis(before_the_end);
        assert_eq!(start.elapsed().as_secs(), due.as_secs());
    }
    assert_eq!(io.recv().await.unwrap().unwrap(), expired());
    assert_eq!(start.elapsed().as_secs(), LIFE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn what_a_client_shows_unasked_is_not_verified() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(Auth::new(move |credential: Credential| {
        count.fetch_add(1, Ordering::Relaxed);
        numbered(credential)
    }));
    let mut io = announced(&server, "ann 0").await;
    for number in 1..100 {
        io.send(format!("~auth:token ann {number}")).await.unwrap();
    }
    assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from("~auth:refresh"));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    for number in 100..200 {
        io.send(format!("~auth:token ann {number}")).await.unwrap();
    }
    io.send("who?").await.unwrap();
    assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from("ann 100 by Message"));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_cannot_change_who_the_user_is_nor_go_back_in_time() {
    for bad in ["bob 1", "nobody 1", "ann old", "ann forever but bob"] {
        let server = Server::start(Auth::new(numbered));
        let mut io = announced(&server, "ann 0").await;
        for _ in 0..5 {
            assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from("~auth:refresh"));
            io.send(format!("~auth:token {bad}")).await.unwrap();
            io.send("who?").await.unwrap();
            let who = io.recv().await.unwrap().unwrap();
            assert_eq!(who, Frame::from("ann 0 by Header"), "{bad}");
        }
        assert_eq!(io.recv().await.unwrap().unwrap(), expired());
    }
}

#[tokio::test(start_paused = true)]
async fn a_supplier_that_fails_for_a_while_gets_another_chance() {
    let server = Server::start(Auth::new(numbered));
    let made = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&made);
    let token = Token::new(move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move {
            match number {
                1 | 2 => Err(Error::new(ErrorKind::Io)),
                3 => {
                    sleep(Duration::from_secs(6)).await;
                    Ok("ann 3".to_owned())
                }
                _ => Ok(format!("ann {number}")),
            }
        }
    });
    let mut socket = server.dialer(token).connect("mem://server").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 0 by Header");
    assert!(timeout(LIFE, socket.recv()).await.is_err());
    socket.send("who?").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 3 by Message");
    assert_eq!(made.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_cannot_renew_comes_back_with_a_fresh_credential() {
    let server = Server::start(Auth::new(async |credential: Credential| {
        if credential.source() == Source::Message {
            return Err(Denied::unavailable());
        }
        numbered(credential).await
    }));
    let (token, _) = numbering("ann");
    let dialer = server.dialer(token);
    let (mut socket, mut status) =
        dialer.keep_connected("mem://server", Backoff::default()).await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 0 by Header");
    let Some(LinkState::Waiting { reason, .. }) = status.changed().await else { panic!() };
    assert!(reason.to_string().contains("3005"), "{reason}");
    // Five questions were in vain.
    assert_eq!(text(&mut socket).await, "ann 6 by Header");
}

#[tokio::test(start_paused = true)]
async fn a_credential_expires_while_the_handler_and_the_peer_are_busy() {
    let server = Server::start(Auth::new(numbered));
    let Connected { mut io, .. } = {
        let (token, _) = numbering("ann");
        server.dialer(token).open(Dial::new("mem://server")).await.unwrap()
    };
    let start = Instant::now();
    // Never reads, so the echo fills all queues and the handler waits.
    while timeout(Duration::from_secs(1), io.send(vec![0; 4096])).await.is_ok() {}
    while server.endpoint.connections() > 0 {
        sleep(Duration::from_secs(1)).await;
    }
    // The close itself gets 5 s.
    let took = start.elapsed();
    assert!(took >= LIFE && took <= LIFE + Duration::from_secs(10), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_grant_without_end_is_never_renewed() {
    let server = Server::start(Auth::new(async |credential: Credential| {
        Ok(Grant::new(user(credential.token(), credential.source())).subject("ann"))
    }));
    let (token, made) = numbering("ann");
    let mut socket = server.dialer(token).connect("mem://server").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 0 by Header");
    assert!(timeout(LIFE * 1000, socket.recv()).await.is_err());
    assert_eq!(made.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn the_application_may_send_what_looks_like_the_plugin() {
    let server = Server::start(Auth::new(numbered));
    let (token, _) = numbering("ann");
    let mut socket = server.dialer(token).connect("mem://server").await.unwrap();
    assert_eq!(text(&mut socket).await, "ann 0 by Header");
    for sent in ["~auth:refresh", "~auth:text ~auth:granted", "~auth:", "~auth:token bob"] {
        socket.send(sent).await.unwrap();
        assert_eq!(text(&mut socket).await, sent);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_only_the_other_side_may_send_ends_the_connection() {
    let server = Server::start(Auth::new(numbered));
    for bad in ["~auth:granted", "~auth:refresh", "~auth:token ", "~auth:nonsense"] {
        let mut io = announced(&server, "ann 0").await;
        io.send(bad).await.unwrap();
        let Frame::Close(close) = io.recv().await.unwrap().unwrap() else { panic!("{bad}") };
        assert_eq!(close.code, CloseCode::PROTOCOL, "{bad}");
    }
}

#[tokio::test]
async fn a_server_confirms_only_to_those_who_announce_themselves_and_can_renew() {
    let endless = Auth::new(async |_: Credential| Ok(Grant::new(()).subject("ann")));
    let nameless = Auth::new(async |_: Credential| Ok(Grant::new(()).valid_for(LIFE)));
    let renewable = Auth::new(numbered);
    assert!(!confirms(&endless, "/", true).await);
    assert!(!confirms(&nameless, "/", true).await);
    assert!(!confirms(&renewable, "/", false).await);
    assert!(!confirms(&renewable, "/?plimsoll-auth=2", false).await);
    assert!(confirms(&renewable, "/", true).await);
    assert!(confirms(&renewable, "/?plimsoll-auth=1", false).await);
}

/// A verifier of tokens `name number`, which are valid for [`LIFE`].
async fn numbered(credential: Credential) -> Result<Grant<User>, Denied> {
    let grant = Grant::new(user(credential.token(), credential.source()));
    match credential.token().split_once(' ') {
        Some(("ann", "old")) => Ok(grant.subject("ann").valid_for(Duration::from_secs(1))),
        Some(("ann", "forever but bob")) => Ok(grant.subject("bob")),
        Some((name @ ("ann" | "bob"), _)) => Ok(grant.subject(name).valid_for(LIFE)),
        _ => Err(Denied::invalid("unknown user")),
    }
}

/// A client's plugin whose tokens are `name 0`, `name 1` and so on, and their count.
fn numbering(name: &'static str) -> (Token, Arc<AtomicU32>) {
    let made = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&made);
    let token = Token::new(move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move { Ok(format!("{name} {number}")) }
    });
    (token, made)
}

/// A bare connection of a client that says that it has the plugin.
async fn announced(server: &Server, token: &str) -> plimsoll::BoxDuplex {
    let mut dial = Dial::new("mem://server");
    dial.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    dial.headers.insert("plimsoll-auth", "1".parse().unwrap());
    let Connected { mut io, info } = server.bare_dialer().open(dial).await.unwrap();
    assert_eq!(info.headers()["plimsoll-auth"], "1");
    assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from(format!("{token} by Header")));
    io
}

async fn confirms(auth: &impl Plugin, uri: &str, header: bool) -> bool {
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", "Bearer ann 0".parse().unwrap());
    if header {
        headers.insert("plimsoll-auth", "1".parse().unwrap());
    }
    let mut handshake =
        Handshake::new("test", Capabilities::FULL, uri.parse().unwrap()).with_headers(headers);
    auth.handshake(&mut handshake).await.unwrap();
    handshake.response_headers_mut().contains_key("plimsoll-auth")
}

async fn text(socket: &mut Socket) -> String {
    socket.recv().await.unwrap().unwrap().as_text().unwrap().to_owned()
}

fn expired() -> Frame {
    Frame::Close(Close::new(CloseCode::EXPIRED, "the credential is no longer valid"))
}
