//! Listeners and connectors meet by name.

use std::io;

use async_trait::async_trait;
use http::StatusCode;
use plimsoll::{
    Close, CloseCode, Dial, Dialer, Endpoint, Error, ErrorKind, Handshake, Listener, Plugin,
    Reject, Socket,
};
use plimsoll_memory::{Memory, Options, pair};

fn dialer(memory: &Memory) -> Dialer {
    Dialer::builder().transport(memory.connector()).build().unwrap()
}

fn serve(memory: &Memory, name: &str, endpoint: Endpoint) {
    let listener = memory.listen(name).unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
}

async fn tell(socket: Socket) {
    let info = socket.info();
    let agent = info.headers().get("user-agent").and_then(|agent| agent.to_str().ok());
    let told = format!("{} {} {agent:?} {:?}", info.transport(), info.uri(), info.protocol());
    socket.send(told).await.unwrap();
}

fn kind_of_source(error: &Error) -> Option<io::ErrorKind> {
    std::error::Error::source(error)?.downcast_ref().map(io::Error::kind)
}

/// Lets in who asks for `/open`, and chooses the second protocol.
struct Door;

#[async_trait]
impl Plugin for Door {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        if handshake.info().uri().path() != "/open" {
            let no = Reject::new(StatusCode::FORBIDDEN, "members only");
            return Err(no);
        }
        handshake.response_headers_mut().insert("x-door", "open".parse().unwrap());
        if let Some(second) = handshake.offered_protocols().get(1).cloned() {
            handshake.select_protocol(&second);
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn headers_protocols_and_the_url_reach_both_sides() {
    let memory = Memory::new();
    serve(&memory, "here", Endpoint::builder().plugin(Door).handle(tell).unwrap());
    let mut dial = Dial::new("mem://here/open?a=b");
    dial.headers.insert("user-agent", "test".parse().unwrap());
    dial.protocols = vec!["one".into(), "two".into()];
    let connected = dialer(&memory).open(dial).await.unwrap();
    assert_eq!(connected.info.protocol(), Some("two"));
    assert_eq!(connected.info.headers()["x-door"], "open");
    let mut socket = Socket::spawn(connected.io, connected.info, Default::default());
    let told = socket.recv().await.unwrap().unwrap();
    let expected = r#"memory mem://here/open?a=b Some("test") Some("two")"#;
    assert_eq!(told.as_text(), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_its_status_and_its_text() {
    let memory = Memory::new();
    serve(&memory, "here", Endpoint::builder().plugin(Door).handle(tell).unwrap());
    let error = dialer(&memory).connect("mem://here/closed").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let reject = error.reject().unwrap();
    assert_eq!(reject.status(), StatusCode::FORBIDDEN);
    assert_eq!(reject.body(), "members only");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_listens_connections_are_refused() {
    let memory = Memory::new();
    let error = dialer(&memory).connect("mem://nobody").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(kind_of_source(&error), Some(io::ErrorKind::ConnectionRefused));
}

#[tokio::test(start_paused = true)]
async fn hubs_do_not_see_each_other() {
    let (memory, other) = (Memory::new(), Memory::new());
    serve(&memory, "here", Endpoint::builder().handle(tell).unwrap());
    assert!(dialer(&memory.clone()).connect("mem://here").await.is_ok());
    assert!(dialer(&other).connect("mem://here").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_hub_of_the_process_is_one() {
    serve(&Memory::global(), "of-the-process", Endpoint::builder().handle(tell).unwrap());
    assert!(dialer(&Memory::global()).connect("mem://of-the-process").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_until_its_listener_is_dropped() {
    let memory = Memory::new();
    let listener = memory.listen("here").unwrap();
    assert_eq!(listener.url(), "mem://here");
    let error = memory.listen("here").unwrap_err();
    assert_eq!(kind_of_source(&error), Some(io::ErrorKind::AddrInUse));
    drop(listener);
    assert!(memory.listen("here").is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_listener_that_is_dropped_is_refused() {
    let memory = Memory::new();
    let listener = memory.listen("here").unwrap();
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let dialer = dialer(&memory);
            tokio::spawn(async move { dialer.connect("mem://here").await })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(listener);
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        assert_eq!(kind_of_source(&error), Some(io::ErrorKind::ConnectionRefused));
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gave_up_is_not_let_in() {
    let memory = Memory::new();
    let mut listener = memory.listen("here").unwrap();
    let dialer = dialer(&memory);
    let caller = tokio::spawn(async move { dialer.connect("mem://here").await });
    let mut incoming = listener.accept().await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(incoming.handshake().await.unwrap_err().kind(), ErrorKind::Close);
}

#[test]
fn a_name_that_is_no_host_is_an_error() {
    for name in ["", "a b", "a/b", "user@host", "host:1"] {
        let error = Memory::new().listen(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{name:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_url_that_is_none_is_an_error() {
    for url in ["mem://", "mem:", "mem://a b", "mem://\u{7f}"] {
        let error = dialer(&Memory::new()).connect(url).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Io), "{url:?}: {error}");
    }
}

#[test]
fn an_option_that_cannot_work_is_named() {
    let options = Options::default().capacity(0);
    for error in [
        pair(options.clone()).err().unwrap(),
        Memory::with_options(options.clone()).unwrap_err(),
        Memory::new().listen_with("here", options).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`capacity`"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn options_of_a_listener_hold_for_its_connections() {
    use plimsoll_memory::Faults;
    let memory = Memory::new();
    let options = Options::default().faults(Faults::seeded(1).lose_after(0));
    let listener = memory.listen_with("here", options).unwrap();
    let endpoint = Endpoint::builder().handle(tell).unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let mut socket = dialer(&memory).connect("mem://here").await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap_err().kind(), ErrorKind::Io);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_may_not_be_sent_arrives_as_none() {
    use plimsoll::{DuplexExt, Frame};
    let (mut near, mut far) = pair(Options::default()).unwrap();
    near.send(Frame::Close(Close::new(CloseCode::ABNORMAL, "secret"))).await.unwrap();
    let received = far.recv().await.unwrap().unwrap();
    assert_eq!(received, Frame::Close(Close::new(CloseCode::NO_STATUS, "")));
}
