//! Endpoints: admission, limits, plugins, handlers that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll::{
    BoxDuplex, Close, CloseCode, Dialer, DuplexExt, Endpoint, Error, ErrorKind, Filter, Flow,
    Frame, Handshake, Info, Message, Plugin, Reject, Sender, Shutdown, SlowPolicy, Socket, filter,
};
use plimsoll_memory::Memory;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// Serves an endpoint in this process, and makes a dialer for it.
fn serve(endpoint: &Endpoint) -> Dialer {
    let memory = Memory::new();
    let listener = memory.listen("here").unwrap();
    let endpoint = endpoint.clone();
    tokio::spawn(async move { endpoint.listen(listener).await.unwrap() });
    Dialer::builder().transport(memory.connector()).build().unwrap()
}

async fn recv_text(socket: &mut Socket) -> String {
    socket.recv().await.unwrap().unwrap().as_text().unwrap().to_owned()
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_returns_closes_in_order() {
    let endpoint = Endpoint::builder()
        .handle(|socket| async move { socket.send("goodbye").await.unwrap() })
        .unwrap();
    let mut socket = serve(&endpoint).connect("mem://here").await.unwrap();
    assert_eq!(recv_text(&mut socket).await, "goodbye");
    assert!(socket.recv().await.is_none());
    assert_eq!(socket.sender().closed().await.code, CloseCode::NORMAL);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_costs_its_own_connection() {
    let endpoint = Endpoint::builder()
        .handle(|mut socket| async move {
            while let Some(Ok(message)) = socket.recv().await {
                assert_ne!(message.as_text(), Some("panic"), "on purpose");
                socket.send(message).await.unwrap();
            }
        })
        .unwrap();
    let dialer = serve(&endpoint);
    let mut other = dialer.connect("mem://here").await.unwrap();
    let mut socket = dialer.connect("mem://here").await.unwrap();
    socket.send("panic").await.unwrap();
    assert!(socket.recv().await.is_none());
    assert_eq!(socket.sender().closed().await.code, CloseCode::INTERNAL);
    other.send("still here").await.unwrap();
    assert_eq!(recv_text(&mut other).await, "still here");
    assert_eq!(endpoint.panics(), 1);
    until(|| endpoint.connections() == 1).await;
}

/// Panics in the hooks that the connection's URI names.
struct Panics;

impl Panics {
    fn maybe(hook: &str, info: &Info) {
        let hooks = info.query("panic").unwrap_or_default();
        assert!(!hooks.split(' ').any(|name| name == hook), "on purpose");
    }
}

#[async_trait]
impl Plugin for Panics {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        Self::maybe("handshake", handshake.info());
        Ok(())
    }

    fn wrap(&self, io: BoxDuplex, info: &mut Info) -> BoxDuplex {
        Self::maybe("wrap", info);
        filter(io, PanicsInbound(info.clone()))
    }

    async fn establish(&self, _: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        Self::maybe("establish", info);
        Ok(())
    }

    fn opened(&self, peer: &Sender) {
        Self::maybe("opened", peer.info());
    }

    fn closed(&self, info: &Info, _: &Close) {
        Self::maybe("closed", info);
    }
}

struct PanicsInbound(Info);

impl Filter for PanicsInbound {
    fn inbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        Panics::maybe("inbound", &self.0);
        Ok(Some(frame))
    }
}

/// Counts the connections that are open.
struct Books(Arc<AtomicUsize>);

impl Plugin for Books {
    fn opened(&self, _: &Sender) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn closed(&self, _: &Info, _: &Close) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_panics_costs_one_connection() {
    let (before, after) = (Arc::default(), Arc::default());
    // Room for one more: a place that is not given back would be missed.
    let endpoint = Endpoint::builder()
        .max_connections(2)
        .plugin(Books(Arc::clone(&before)))
        .plugin(Panics)
        .plugin(Books(Arc::clone(&after)))
        .handle(echo)
        .unwrap();
    let dialer = serve(&endpoint);
    let mut other = dialer.connect("mem://here").await.unwrap();
    let mut counted = 0;
    for (hooks, count, told) in [
        ("handshake", 1, CloseCode::ABNORMAL),
        ("wrap", 1, CloseCode::ABNORMAL),
        ("establish", 1, CloseCode::ABNORMAL),
        ("opened", 1, CloseCode::INTERNAL),
        ("inbound", 0, CloseCode::INTERNAL),
        ("closed", 1, CloseCode::NORMAL),
        ("opened+closed", 2, CloseCode::INTERNAL),
    ] {
        let connected = dialer.connect(format!("mem://here?panic={hooks}")).await;
        if let Ok(mut socket) = connected {
            let _ = socket.send("ahoy").await;
            while let Some(Ok(_)) = socket.recv().await {
                socket.close(Close::normal());
            }
            assert_eq!(socket.sender().closed().await.code, told, "{hooks}");
        }
        counted += count;
        until(|| endpoint.panics() == counted).await;
        until(|| endpoint.connections() == 1).await;
        other.send("still here").await.unwrap();
        assert_eq!(recv_text(&mut other).await, "still here");
        assert_eq!(before.load(Ordering::Relaxed), 1, "{hooks}");
        assert_eq!(after.load(Ordering::Relaxed), 1, "{hooks}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_there_is_room_for_are_turned_away() {
    let endpoint = Endpoint::builder().max_connections(50).handle(echo).unwrap();
    let dialer = serve(&endpoint);
    let mut sockets = Vec::new();
    for _ in 0..50 {
        sockets.push(dialer.connect("mem://here").await.unwrap());
    }
    for _ in 0..50 {
        let error = dialer.connect("mem://here").await.unwrap_err();
        let reject = error.reject().unwrap();
        assert_eq!(reject.status(), 503);
        assert!(reject.may_retry());
        assert!(reject.headers().contains_key("retry-after"));
    }
    for socket in &mut sockets {
        socket.send("still here").await.unwrap();
        assert_eq!(recv_text(socket).await, "still here");
    }
    sockets.pop();
    until(|| endpoint.connections() == 49).await;
    dialer.connect("mem://here").await.unwrap();
}

/// Writes down in which order hooks are called.
struct Diary(&'static str, mpsc::UnboundedSender<String>);

impl Diary {
    fn write(&self, hook: &str) {
        let _ = self.1.send(format!("{hook} {}", self.0));
    }
}

#[async_trait]
impl Plugin for Diary {
    async fn handshake(&self, _: &mut Handshake) -> Result<(), Reject> {
        self.write("handshake");
        Ok(())
    }

    fn wrap(&self, io: BoxDuplex, _: &mut Info) -> BoxDuplex {
        self.write("wrap");
        io
    }

    async fn establish(&self, _: &mut BoxDuplex, _: &mut Info) -> Result<(), Error> {
        self.write("establish");
        Ok(())
    }

    fn opened(&self, _: &Sender) {
        self.write("opened");
    }

    fn closed(&self, _: &Info, close: &Close) {
        self.write(&format!("closed({})", u16::from(close.code)));
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_come_in_the_order_in_which_plugins_were_added() {
    let (diary, mut written) = mpsc::unbounded_channel();
    let endpoint = Endpoint::builder()
        .plugin(Diary("a", diary.clone()))
        .plugin(Diary("b", diary))
        .handle(|_| async {})
        .unwrap();
    let mut socket = serve(&endpoint).connect("mem://here").await.unwrap();
    assert!(socket.recv().await.is_none());
    for expected in [
        "handshake a",
        "handshake b",
        "wrap a",
        "establish a",
        "wrap b",
        "establish b",
        "opened a",
        "opened b",
        "closed(1000) b",
        "closed(1000) a",
    ] {
        assert_eq!(written.recv().await.unwrap(), expected);
    }
}

/// Lets in those whose first message is the word.
struct Password;

#[async_trait]
impl Plugin for Password {
    async fn establish(&self, io: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        match io.recv().await {
            Some(Ok(Frame::Message(word))) if word.as_text() == Some("open sesame") => {
                info.insert(String::from("Ali Baba"));
                Ok(())
            }
            _ => Err(ErrorKind::Policy.into()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plugin_may_talk_to_the_peer_before_the_handler() {
    let handled = Arc::new(AtomicUsize::new(0));
    let endpoint = Endpoint::builder()
        .plugin(Password)
        .handle({
            let handled = Arc::clone(&handled);
            move |socket| {
                handled.fetch_add(1, Ordering::Relaxed);
                async move {
                    let name = socket.info().get::<String>().unwrap().clone();
                    socket.send(name).await.unwrap();
                }
            }
        })
        .unwrap();
    let dialer = serve(&endpoint);
    let mut friend = dialer.connect("mem://here").await.unwrap();
    friend.send("open sesame").await.unwrap();
    assert_eq!(recv_text(&mut friend).await, "Ali Baba");

    let mut thief = dialer.connect("mem://here").await.unwrap();
    thief.send("open barley").await.unwrap();
    assert!(thief.recv().await.is_none());
    assert_eq!(thief.sender().closed().await.code, CloseCode::POLICY);

    let start = Instant::now();
    let mut silent = dialer.connect("mem://here").await.unwrap();
    assert!(silent.recv().await.is_none());
    assert_eq!(silent.sender().closed().await.code, CloseCode::POLICY);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert_eq!(handled.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_all_and_waits_for_nobody() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let dialer = serve(&endpoint);
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(dialer.connect("mem://here").await.unwrap());
    }
    until(|| endpoint.connections() == 10).await;
    assert_eq!(endpoint.broadcast("news", SlowPolicy::default()), 10);
    for socket in &mut sockets {
        assert_eq!(recv_text(socket).await, "news");
    }
    // The first reads no more; the others miss nothing.
    let (stalled, others) = sockets.split_first_mut().unwrap();
    let big = Message::text("x".repeat(50_000));
    for _ in 0..200 {
        endpoint.broadcast(big.clone(), SlowPolicy::Close);
        for socket in &mut *others {
            assert_eq!(socket.recv().await.unwrap().unwrap(), big);
        }
    }
    while stalled.recv().await.is_some() {}
    assert_eq!(stalled.sender().closed().await.code, CloseCode::SLOW_CONSUMER);
    assert_eq!(endpoint.connections(), 9);
}

#[tokio::test(start_paused = true)]
async fn shutdown_tells_all_to_come_back_at_different_times() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let dialer = serve(&endpoint);
    let mut sockets = Vec::new();
    for _ in 0..50 {
        sockets.push(dialer.connect("mem://here").await.unwrap());
    }
    until(|| endpoint.connections() == 50).await;
    let stopping = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { endpoint.shutdown(Shutdown::default().batch(7)).await }
    });
    let mut delays = Vec::new();
    for socket in &mut sockets {
        assert!(socket.recv().await.is_none());
        let close = socket.sender().closed().await;
        assert_eq!(close.code, CloseCode::GOING_AWAY);
        delays.push(close.retry_delay().unwrap());
    }
    delays.sort();
    delays.dedup();
    assert!(delays.len() > 25, "{delays:?}");
    assert!(delays.iter().all(|delay| *delay <= Duration::from_secs(5)), "{delays:?}");
    assert_eq!(stopping.await.unwrap(), 0, "nobody had to be dropped");
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn shutdown_drops_handlers_that_hang_and_lets_nobody_in() {
    let endpoint = Endpoint::builder()
        .handle(|socket| async move {
            std::future::pending::<()>().await;
            drop(socket);
        })
        .unwrap();
    let dialer = serve(&endpoint);
    let _socket = dialer.connect("mem://here").await.unwrap();
    until(|| endpoint.connections() == 1).await;
    let start = Instant::now();
    let stopping = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { endpoint.shutdown(Shutdown::default().grace(Duration::from_secs(3))).await }
    });
    until(|| endpoint.is_closing()).await;
    let handshake = Handshake::new("test", plimsoll::Capabilities::FULL, "/".parse().unwrap());
    assert_eq!(endpoint.admit(handshake).await.unwrap_err().status(), 503);
    assert_eq!(stopping.await.unwrap(), 1);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    assert_eq!(endpoint.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_go_on_after_its_connection() {
    let (done, mut is_done) = mpsc::channel(1);
    let endpoint = Endpoint::builder()
        .handle(move |mut socket| {
            let done = done.clone();
            async move {
                while let Some(Ok(_)) = socket.recv().await {}
                sleep(Duration::from_secs(60)).await;
                done.send(socket.sender().close_reason().unwrap()).await.unwrap();
            }
        })
        .unwrap();
    let socket = serve(&endpoint).connect("mem://here").await.unwrap();
    socket.close(Close::new(CloseCode::from(4000), "bye"));
    assert_eq!(is_done.recv().await.unwrap().reason, "bye");
}

#[test]
fn options_that_cannot_work_are_named() {
    for (builder, name) in [
        (Endpoint::builder().max_connections(0), "max_connections"),
        (Endpoint::builder().max_connections(u32::MAX), "max_connections"),
        (Endpoint::builder().max_handshakes(0), "max_handshakes"),
        (Endpoint::builder().handshake_timeout(Duration::ZERO), "handshake_timeout"),
    ] {
        let error = builder.handle(echo).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = Dialer::builder().build().unwrap_err();
    assert!(error.to_string().contains("transport"), "{error}");
    let connector = Memory::new().connector();
    let error =
        Dialer::builder().transport(connector).connect_timeout(Duration::ZERO).build().unwrap_err();
    assert!(error.to_string().contains("connect_timeout"), "{error}");
}
