//! Connections that come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll::{
    Backoff, Close, CloseCode, Dial, Dialer, Endpoint, Error, ErrorKind, Handshake, LinkState,
    Plugin, Reject, Shutdown, Socket, SocketOptions, TrySendError,
};
use plimsoll_memory::Memory;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// Says which connection it is, then does what it is told.
fn flaky(memory: &Memory, name: &str) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let endpoint = Endpoint::builder()
        .handle({
            let count = Arc::clone(&count);
            move |mut socket: Socket| {
                let number = count.fetch_add(1, Ordering::Relaxed);
                async move {
                    while let Some(Ok(message)) = socket.recv().await {
                        match message.as_text().and_then(|code| code.parse::<u16>().ok()) {
                            Some(code) => socket.close(Close::new(code.into(), "as told")),
                            None => {
                                let text = format!("{number}: {}", message.as_text().unwrap());
                                let _ = socket.send(text).await;
                            }
                        }
                    }
                }
            }
        })
        .unwrap();
    let listener = memory.listen(name).unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    count
}

fn dialer(memory: &Memory) -> Dialer {
    Dialer::builder().transport(memory.connector()).build().unwrap()
}

async fn recv_text(socket: &mut Socket) -> String {
    let message = timeout(Duration::from_secs(3600), socket.recv()).await.expect("an answer");
    message.unwrap().unwrap().as_text().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_comes_back() {
    let memory = Memory::new();
    let count = flaky(&memory, "here");
    let (mut socket, status) =
        dialer(&memory).keep_connected("mem://here", Backoff::default()).await.unwrap();
    for i in 0..3 {
        socket.send("hello").await.unwrap();
        assert_eq!(recv_text(&mut socket).await, format!("{i}: hello"));
        socket.send("1011").await.unwrap();
        sleep(Duration::from_secs(1)).await;
        assert!(matches!(status.now(), LinkState::Open), "{status:?}");
    }
    socket.close(Close::normal());
    assert!(socket.recv().await.is_none());
    assert_eq!(count.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn codes_that_say_stay_away_are_obeyed() {
    let memory = Memory::new();
    let count = flaky(&memory, "here");
    for code in [1000, 1008, 3500, 4401] {
        let (mut socket, status) =
            dialer(&memory).keep_connected("mem://here", Backoff::default()).await.unwrap();
        socket.send(code.to_string()).await.unwrap();
        assert!(socket.recv().await.is_none());
        assert_eq!(socket.sender().closed().await.code, CloseCode::from(code));
        let LinkState::Closed(close) = status.now() else { panic!("{status:?}") };
        assert_eq!(close.code, CloseCode::from(code));
    }
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(count.load(Ordering::Relaxed), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_while_away_waits() {
    let memory = Memory::new();
    flaky(&memory, "here");
    let (mut socket, mut status) =
        dialer(&memory).keep_connected("mem://here", Backoff::default()).await.unwrap();
    socket.send("1012").await.unwrap();
    while !matches!(status.changed().await, Some(LinkState::Waiting { .. })) {}
    for i in 0..10 {
        socket.send(format!("later {i}")).await.unwrap();
    }
    for i in 0..10 {
        assert_eq!(recv_text(&mut socket).await, format!("1: later {i}"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_while_away_is_bounded() {
    let memory = Memory::new();
    flaky(&memory, "here");
    let dialer = Dialer::builder()
        .transport(memory.connector())
        .socket(SocketOptions::default().outbox_bytes(1000))
        .build()
        .unwrap();
    let hour = Duration::from_secs(3600);
    let backoff = Backoff::default().first(hour).max(hour);
    let (socket, mut status) = dialer.keep_connected("mem://here", backoff).await.unwrap();
    socket.send("1012").await.unwrap();
    while !matches!(status.changed().await, Some(LinkState::Waiting { .. })) {}
    let full = (0..100).find_map(|i| socket.sender().try_send(i.to_string()).err());
    assert!(matches!(full, Some(TrySendError::Full(_))), "{full:?}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_has_a_deadline() {
    let memory = Memory::new();
    let endpoint = Endpoint::builder()
        .handle(|socket| async move { socket.close(Close::new(CloseCode::TRY_AGAIN, "")) })
        .unwrap();
    let listener = memory.listen("here").unwrap();
    let listening = tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder()
        .transport(memory.connector())
        .connect_timeout(Duration::from_secs(3))
        .build()
        .unwrap();
    let (_socket, mut status) =
        dialer.keep_connected("mem://here", Backoff::default()).await.unwrap();
    listening.abort();
    listening.await.unwrap_err();
    let _deaf = memory.listen("here").unwrap();
    let reason = loop {
        match status.changed().await {
            Some(LinkState::Waiting { reason, attempt: 2, .. }) => break reason,
            state => assert!(state.is_some()),
        }
    };
    assert_eq!(reason.kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_after_the_attempts_that_were_allowed() {
    let memory = Memory::new();
    let endpoint = Endpoint::builder()
        .handle(|socket| async move { socket.close(Close::new(CloseCode::INTERNAL, "")) })
        .unwrap();
    let listener = memory.listen("here").unwrap();
    let listening = tokio::spawn(async move { endpoint.listen(listener).await });
    let backoff = Backoff::default().attempts(3);
    let (mut socket, mut status) =
        dialer(&memory).keep_connected("mem://here", backoff).await.unwrap();
    // Nobody is there any more by the time of the first attempt.
    listening.abort();
    let mut attempts = Vec::new();
    while let Some(state) = status.changed().await {
        if let LinkState::Waiting { attempt, delay, .. } = state {
            assert!(delay <= Duration::from_millis(500) * 2_u32.pow(attempt - 1));
            attempts.push(attempt);
        }
    }
    assert_eq!(attempts, [1, 2, 3]);
    let LinkState::GaveUp(reason) = status.now() else { panic!("{status:?}") };
    assert_eq!(reason.kind(), ErrorKind::Io);
    assert!(socket.recv().await.unwrap().is_err());
    assert!(socket.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_says_when_to_come_back() {
    let memory = Memory::new();
    let endpoint = Endpoint::builder()
        .handle(|mut socket| async move { while let Some(Ok(_)) = socket.recv().await {} })
        .unwrap();
    let listener = memory.listen("here").unwrap();
    let listening = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { endpoint.listen(listener).await }
    });
    let (mut socket, mut status) =
        dialer(&memory).keep_connected("mem://here", Backoff::default()).await.unwrap();
    while endpoint.connections() == 0 {
        tokio::task::yield_now().await;
    }
    let asked = Duration::from_secs(7);
    let close = Close::new(CloseCode::SERVICE_RESTART, "new version").retry_after(asked);
    endpoint.shutdown(Shutdown::default().close(close).spread(Duration::ZERO)).await;
    listening.await.unwrap().unwrap();
    let start = Instant::now();
    flaky(&memory, "here");
    // An attempt may succeed before anybody looks at the status: only the latest is kept.
    let is_back = |state| matches!(state, Some(LinkState::Connecting { .. } | LinkState::Open));
    while !is_back(status.changed().await) {}
    assert!(start.elapsed() >= asked - Duration::from_secs(1), "{:?}", start.elapsed());
    assert!(start.elapsed() <= asked + asked / 2, "{:?}", start.elapsed());
    socket.send("back").await.unwrap();
    assert_eq!(recv_text(&mut socket).await, "0: back");
}

#[tokio::test(start_paused = true)]
async fn the_close_of_a_connection_that_is_left_is_answered() {
    let memory = Memory::new();
    let (told, mut closed) = mpsc::channel(1);
    let endpoint = Endpoint::builder()
        .handle(move |socket: Socket| {
            let told = told.clone();
            async move {
                socket.close(Close::new(CloseCode::SERVICE_RESTART, ""));
                let start = Instant::now();
                socket.sender().closed().await;
                let _ = told.send(start.elapsed()).await;
            }
        })
        .unwrap();
    let listener = memory.listen("here").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let backoff =
        Backoff::default().first(Duration::from_secs(3600)).max(Duration::from_secs(3600));
    let _socket = dialer(&memory).keep_connected("mem://here", backoff).await.unwrap();
    assert_eq!(closed.recv().await, Some(Duration::ZERO), "not only when it is dropped");
}

/// Turns away all but the first connection.
struct OnlyOnce(AtomicUsize, u16);

#[async_trait]
impl Plugin for OnlyOnce {
    async fn handshake(&self, _: &mut Handshake) -> Result<(), Reject> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(Reject::new(self.1.try_into().unwrap(), "no")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_cannot_pass_ends_the_attempts() {
    let memory = Memory::new();
    let endpoint = Endpoint::builder()
        .plugin(OnlyOnce(AtomicUsize::new(0), 403))
        .handle(|socket| async move { socket.close(Close::new(CloseCode::INTERNAL, "")) })
        .unwrap();
    let listener = memory.listen("here").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let (mut socket, status) =
        dialer(&memory).keep_connected("mem://here", Backoff::default()).await.unwrap();
    let error = socket.recv().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let LinkState::GaveUp(reason) = status.now() else { panic!("{status:?}") };
    assert_eq!(reason.reject().unwrap().status(), 403);
}

struct Counted(Arc<AtomicUsize>);

#[async_trait]
impl Plugin for Counted {
    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        dial.add_query("attempt", &number.to_string());
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn plugins_see_each_attempt_anew() {
    let memory = Memory::new();
    let (seen, mut attempts) = tokio::sync::mpsc::channel(8);
    let endpoint = Endpoint::builder()
        .handle(move |socket| {
            let seen = seen.clone();
            async move {
                seen.send(socket.info().query("attempt").unwrap()).await.unwrap();
                socket.close(Close::new(CloseCode::TRY_AGAIN, ""));
            }
        })
        .unwrap();
    let listener = memory.listen("here").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder()
        .transport(memory.connector())
        .plugin(Counted(Arc::default()))
        .build()
        .unwrap();
    let (_socket, _) = dialer.keep_connected("mem://here", Backoff::default()).await.unwrap();
    for expected in ["0", "1", "2", "3"] {
        assert_eq!(attempts.recv().await.unwrap(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_scheme_that_no_transport_serves_is_named() {
    let error = dialer(&Memory::new()).connect("pigeon://coop").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("`pigeon`") && error.to_string().contains("mem"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_backoff_that_cannot_work_is_named() {
    let memory = Memory::new();
    flaky(&memory, "here");
    for (backoff, name) in [
        (Backoff::default().first(Duration::ZERO), "Backoff::first"),
        (Backoff::default().max(Duration::from_millis(1)), "Backoff::max"),
    ] {
        let error = dialer(&memory).keep_connected("mem://here", backoff).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name), "{error}");
    }
}
