//! Sockets, drivers and filters over a pair of bounded channels, with a clock of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use plimsoll::{
    BoxDuplex, Capabilities, Close, CloseCode, Duplex, DuplexExt, Error, ErrorKind, Filter, Flow,
    Frame, Info, Message, SlowPolicy, Socket, SocketOptions, TrySendError, filter,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// One end of a pair, which lets a fixed number of frames wait.
struct Channel {
    sender: Option<mpsc::Sender<Frame>>,
    permit: Option<mpsc::OwnedPermit<Frame>>,
    reserving: Option<futures::future::BoxFuture<'static, Option<mpsc::OwnedPermit<Frame>>>>,
    receiver: mpsc::Receiver<Frame>,
    flushes: Arc<AtomicUsize>,
}

fn pair(capacity: usize) -> (Channel, Channel) {
    let (left, from_left) = mpsc::channel(capacity);
    let (right, from_right) = mpsc::channel(capacity);
    let end = |sender, receiver| Channel {
        sender: Some(sender),
        permit: None,
        reserving: None,
        receiver,
        flushes: Arc::default(),
    };
    (end(left, from_right), end(right, from_left))
}

impl Duplex for Channel {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.receiver.poll_recv(cx).map(|frame| frame.map(Ok))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.permit.is_some() {
            return Poll::Ready(Ok(()));
        }
        let Some(sender) = &self.sender else {
            return Poll::Ready(Err(ErrorKind::Close.into()));
        };
        let sender = sender.clone();
        let reserving = self
            .reserving
            .get_or_insert_with(|| Box::pin(async move { sender.reserve_owned().await.ok() }));
        let permit = std::task::ready!(reserving.as_mut().poll(cx));
        self.reserving = None;
        self.permit = permit;
        Poll::Ready(self.permit.as_ref().map(drop).ok_or_else(|| ErrorKind::Close.into()))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.permit.take().expect("`poll_ready` came before").send(frame);
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        (self.sender, self.permit, self.reserving) = (None, None, None);
        Poll::Ready(Ok(()))
    }
}

fn info() -> Info {
    Info::new("test", Capabilities::FULL, "/".parse().unwrap())
}

fn spawn(io: impl Duplex) -> Socket {
    spawn_with(io, SocketOptions::default())
}

fn spawn_with(io: impl Duplex, options: SocketOptions) -> Socket {
    Socket::spawn(Box::new(io), info(), options)
}

async fn recv_text(socket: &mut Socket) -> String {
    socket.recv().await.unwrap().unwrap().as_text().unwrap().to_owned()
}

async fn recv_close(io: &mut Channel) -> Close {
    loop {
        match io.recv().await.unwrap().unwrap() {
            Frame::Close(close) => return close,
            Frame::Message(_) | Frame::Ping(_) | Frame::Pong(_) => {}
            frame => panic!("{frame:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn messages_keep_their_order_and_their_kinds() {
    let (left, right) = pair(3);
    let (left, mut right) = (spawn(left), spawn(right));
    let (sender, _receiver) = left.split();
    let sending = tokio::spawn(async move {
        for i in 0..1000_u32 {
            match i % 2 {
                0 => sender.send(i.to_string()).await.unwrap(),
                _ => sender.send(i.to_be_bytes().to_vec()).await.unwrap(),
            }
        }
    });
    for i in 0..1000_u32 {
        let message = right.recv().await.unwrap().unwrap();
        match i % 2 {
            0 => assert_eq!(message.as_text(), Some(&*i.to_string())),
            _ => assert_eq!(message, Message::binary(i.to_be_bytes().to_vec())),
        }
    }
    sending.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_goes_out_with_one_flush() {
    let (left, mut right) = pair(64);
    let flushes = Arc::clone(&left.flushes);
    let left = spawn(left);
    for i in 0..20 {
        left.send(i.to_string()).await.unwrap();
    }
    for _ in 0..20 {
        right.recv().await.unwrap().unwrap();
    }
    // One for the batch, one before the first read.
    assert!(flushes.load(Ordering::Relaxed) <= 2, "{flushes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_full_outbox_holds_senders_back_and_is_fair() {
    let (left, mut right) = pair(1);
    let left = spawn_with(left, SocketOptions::default().outbox_bytes(300));
    let sender = left.sender().clone();
    let mut queued = 0;
    let full = loop {
        match sender.try_send(format!("{queued:03}")) {
            Ok(()) => queued += 1,
            Err(TrySendError::Full(message)) => break message,
            Err(TrySendError::Failed(error)) => panic!("{error:?}"),
        }
        tokio::task::yield_now().await;
        assert!(queued < 20, "the outbox is not bounded");
    };
    let first = tokio::spawn({
        let sender = sender.clone();
        async move { sender.send(full).await }
    });
    tokio::task::yield_now().await;
    let second = tokio::spawn(async move { sender.send("last").await });
    tokio::task::yield_now().await;
    let mut texts = Vec::new();
    for _ in 0..queued + 2 {
        match right.recv().await.unwrap().unwrap() {
            Frame::Message(message) => texts.push(message.as_text().unwrap().to_owned()),
            frame => panic!("{frame:?}"),
        }
    }
    let expected = (0..=queued).map(|i| format!("{i:03}")).chain(["last".to_owned()]);
    assert_eq!(texts, expected.collect::<Vec<_>>());
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_send_sends_nothing_and_leaves_its_room() {
    let (left, mut right) = pair(1);
    let left = spawn_with(left, SocketOptions::default().outbox_bytes(1));
    for text in ["one", "two", "three"] {
        let _ = timeout(Duration::from_secs(1), left.send(text)).await;
    }
    let fourth = timeout(Duration::from_secs(1), left.send("cancelled")).await;
    assert!(fourth.is_err());
    let mut texts = Vec::new();
    while let Ok(Some(Ok(frame))) = timeout(Duration::from_secs(1), right.recv()).await {
        texts.push(frame);
    }
    assert!(texts.len() >= 2 && !texts.contains(&"cancelled".into()), "{texts:?}");
    left.send("after").await.unwrap();
    assert_eq!(right.recv().await.unwrap().unwrap(), Frame::from("after"));
}

#[tokio::test(start_paused = true)]
async fn an_application_that_does_not_read_stops_the_reading() {
    let (mut left, right) = pair(1);
    let mut right = spawn_with(right, SocketOptions::default().inbox_bytes(1000));
    let mut sent = 0;
    while timeout(Duration::from_secs(1), left.send(format!("{sent}"))).await.is_ok() {
        sent += 1;
        assert!(sent < 100, "the inbox is not bounded");
    }
    // The last was cancelled while it waited, so it may not have been taken.
    for i in 0..sent {
        assert_eq!(recv_text(&mut right).await, i.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_nobody_reads_or_sends() {
    let (mut left, right) = pair(4);
    let _right = spawn(right);
    left.send(Frame::Ping(Bytes::from_static(b"a"))).await.unwrap();
    assert_eq!(left.recv().await.unwrap().unwrap(), Frame::Pong(Bytes::from_static(b"a")));
}

#[tokio::test(start_paused = true)]
async fn of_many_pings_the_last_is_answered() {
    let (mut left, right) = pair(1);
    let right = spawn(right);
    right.send("fills the channel").await.unwrap();
    tokio::task::yield_now().await;
    for i in 0..1000_u32 {
        left.send(Frame::Ping(Bytes::from(i.to_string()))).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut pongs = Vec::new();
    while let Ok(Some(Ok(frame))) = timeout(Duration::from_secs(1), left.recv()).await {
        if let Frame::Pong(payload) = frame {
            pongs.push(payload);
        }
    }
    assert!(pongs.len() < 4, "{} pongs waited", pongs.len());
    assert_eq!(pongs.last().unwrap(), "999");
}

#[tokio::test(start_paused = true)]
async fn dropping_a_socket_sends_what_was_queued_and_closes() {
    let (left, mut right) = pair(1);
    let left = spawn(left);
    let sender = left.sender().clone();
    for i in 0..10 {
        left.send(i.to_string()).await.unwrap();
    }
    drop(left);
    for i in 0..10 {
        assert_eq!(right.recv().await.unwrap().unwrap(), Frame::from(i.to_string()));
    }
    assert_eq!(right.recv().await.unwrap().unwrap(), Frame::Close(Close::normal()));
    right.close().await.unwrap();
    assert_eq!(sender.closed().await, Close::normal());
    assert_eq!(sender.send("late").await.unwrap_err().kind(), ErrorKind::Close);
}

#[tokio::test(start_paused = true)]
async fn two_full_peers_can_close() {
    let (left, right) = pair(1);
    let options = SocketOptions::default().inbox_bytes(1);
    let (left, right) = (spawn_with(left, options), spawn_with(right, options));
    for socket in [&left, &right] {
        while timeout(Duration::from_millis(10), socket.send("x".repeat(9999))).await.is_ok() {}
    }
    let start = Instant::now();
    let senders = [left.sender().clone(), right.sender().clone()];
    drop((left, right));
    for sender in senders {
        assert_eq!(sender.closed().await.code, CloseCode::NORMAL);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "they waited for each other");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_a_close_is_left_at_the_deadline() {
    let (left, mut right) = pair(4);
    let left = spawn(left);
    let sender = left.sender().clone();
    let start = Instant::now();
    drop(left);
    assert_eq!(sender.closed().await.code, CloseCode::NORMAL);
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(recv_close(&mut right).await, Close::normal());
    assert!(right.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_peers_close_is_told_and_ends_the_stream() {
    let (mut left, right) = pair(4);
    let mut right = spawn(right);
    left.send("last words").await.unwrap();
    let close = Close::new(CloseCode::from(4001), "enough");
    left.send(Frame::Close(close.clone())).await.unwrap();
    left.close().await.unwrap();
    assert_eq!(recv_text(&mut right).await, "last words");
    assert!(right.recv().await.is_none());
    assert!(right.recv().await.is_none());
    assert_eq!(right.sender().closed().await, close);
}

#[tokio::test(start_paused = true)]
async fn an_end_without_a_close_is_abnormal() {
    let (left, right) = pair(4);
    let mut right = spawn(right);
    drop(left);
    assert!(right.recv().await.is_none());
    assert_eq!(right.sender().closed().await.code, CloseCode::ABNORMAL);
}

#[tokio::test(start_paused = true)]
async fn policies_say_what_a_slow_peer_loses() {
    let options = SocketOptions::default().outbox_bytes(200);
    for (policy, expected) in [
        (SlowPolicy::DropNewest, ["0", "1", "2"].as_slice()),
        (SlowPolicy::DropOldest, ["7", "8", "9"].as_slice()),
        (SlowPolicy::LatestByKey(7), ["9"].as_slice()),
    ] {
        let (left, mut right) = pair(1);
        let left = spawn_with(left, options);
        // No turn for the driver: everything waits in the outbox.
        for i in 0..10 {
            left.sender().send_or(i.to_string(), policy).unwrap();
        }
        for text in expected {
            assert_eq!(right.recv().await.unwrap().unwrap(), Frame::from(*text), "{policy:?}");
        }
        assert!(timeout(Duration::from_secs(1), right.recv()).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_peer_is_closed_by_default() {
    let (left, mut right) = pair(1);
    let left = spawn_with(left, SocketOptions::default().outbox_bytes(200));
    let error = (0..10)
        .find_map(|i| left.sender().send_or(i.to_string(), SlowPolicy::default()).err())
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::SlowConsumer);
    assert_eq!(recv_close(&mut right).await.code, CloseCode::SLOW_CONSUMER);
}

#[tokio::test(start_paused = true)]
async fn binary_fails_at_once_where_the_transport_has_none() {
    let (left, _right) = pair(1);
    let info = Info::new("test", Capabilities::FULL.with_binary(false), "/".parse().unwrap());
    let left = Socket::spawn(Box::new(left), info, SocketOptions::default());
    assert_eq!(left.send(vec![1]).await.unwrap_err().kind(), ErrorKind::Unsupported);
    left.send("text").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_socket_can_be_forwarded() {
    let (left, right) = pair(4);
    let (mut left, right) = (spawn(left), spawn(right));
    let echo = tokio::spawn(async move {
        let (sink, stream) = StreamExt::split(right);
        stream.forward(sink).await
    });
    for i in 0..100 {
        left.send(i.to_string()).await.unwrap();
        assert_eq!(recv_text(&mut left).await, i.to_string());
    }
    SinkExt::close(&mut left).await.unwrap();
    echo.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sink_waits_for_room() {
    let (left, mut right) = pair(1);
    let mut left = spawn_with(left, SocketOptions::default().outbox_bytes(200));
    let feeding = tokio::spawn(async move {
        for i in 0..50 {
            left.feed(Message::from(i.to_string())).await.unwrap();
        }
        left
    });
    for i in 0..50 {
        assert_eq!(right.recv().await.unwrap().unwrap(), Frame::from(i.to_string()));
    }
    feeding.await.unwrap();
}

struct Mark(&'static str);

impl Filter for Mark {
    fn inbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        Ok(Some(self.mark(frame)))
    }

    fn outbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        Ok(Some(self.mark(frame)))
    }
}

impl Mark {
    fn mark(&self, frame: Frame) -> Frame {
        match frame {
            Frame::Message(message) => format!("{}{}", message.as_text().unwrap(), self.0).into(),
            control => control,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_meets_filters_in_order_and_what_goes_out_in_reverse() {
    let (mut left, right) = pair(4);
    let mut io: BoxDuplex = Box::new(right);
    for mark in ["1", "2", "3"] {
        io = filter(io, Mark(mark));
    }
    let mut right = spawn(io);
    left.send("in").await.unwrap();
    assert_eq!(recv_text(&mut right).await, "in123");
    right.send("out").await.unwrap();
    assert_eq!(left.recv().await.unwrap().unwrap(), Frame::from("out321"));
}

struct Broken;

impl Filter for Broken {
    fn inbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        match &frame {
            Frame::Message(message) if message.as_text() == Some("panic") => panic!("on purpose"),
            Frame::Message(message) if message.as_text() == Some("rule") => {
                Err(ErrorKind::Policy.into())
            }
            _ => Ok(Some(frame)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_panics_or_refuses_closes_its_connection() {
    for (text, kind, code) in [
        ("panic", ErrorKind::Internal, CloseCode::INTERNAL),
        ("rule", ErrorKind::Policy, CloseCode::POLICY),
    ] {
        let (mut left, right) = pair(4);
        let mut right = spawn(filter(Box::new(right), Broken));
        left.send("fine").await.unwrap();
        left.send(text).await.unwrap();
        assert_eq!(recv_text(&mut right).await, "fine");
        assert_eq!(right.recv().await.unwrap().unwrap_err().kind(), kind);
        assert!(right.recv().await.is_none());
        assert_eq!(recv_close(&mut left).await.code, code);
    }
}

/// Sends a tick to the peer each second, and counts how often it was caught up.
struct Tick {
    next: Instant,
    caught_up: Arc<AtomicUsize>,
}

impl Filter for Tick {
    fn deadline(&self) -> Option<Instant> {
        Some(self.next)
    }

    fn expired(&mut self, now: Instant, flow: &mut Flow) -> Result<(), Error> {
        self.next = now + Duration::from_secs(1);
        self.caught_up.fetch_add(usize::from(flow.is_caught_up()), Ordering::Relaxed);
        flow.send("tick");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn timers_of_filters_run_while_the_application_does_not_read() {
    let (mut left, right) = pair(64);
    let caught_up = Arc::new(AtomicUsize::new(0));
    let tick =
        Tick { next: Instant::now() + Duration::from_secs(1), caught_up: Arc::clone(&caught_up) };
    let options = SocketOptions::default().inbox_bytes(1);
    let _right = spawn_with(filter(Box::new(right), tick), options);
    for _ in 0..5 {
        left.send("unread").await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(left.recv().await.unwrap().unwrap(), Frame::from("tick"));
    }
    assert_eq!(caught_up.load(Ordering::Relaxed), 0, "frames wait unread");
}

struct Chatty;

impl Filter for Chatty {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        flow.send(frame);
        Ok(None)
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_asks_but_does_not_read_is_not_read() {
    let (mut left, right) = pair(4);
    let _right = spawn(filter(Box::new(right), Chatty));
    let mut asked = 0;
    while timeout(Duration::from_secs(1), left.send("again")).await.is_ok() {
        asked += 1;
        assert!(asked < 60, "answers pile up");
    }
}

#[tokio::test(start_paused = true)]
async fn closed_can_be_awaited_by_many() {
    let (left, right) = pair(4);
    let socket = spawn(left);
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let sender = socket.sender().clone();
            tokio::spawn(async move { sender.closed().await })
        })
        .collect();
    sleep(Duration::from_secs(1)).await;
    drop(right);
    for closed in waiting {
        assert_eq!(closed.await.unwrap().code, CloseCode::ABNORMAL);
    }
}

#[test]
fn options_that_cannot_work_are_named() {
    for (options, name) in [
        (SocketOptions::default().outbox_bytes(0), "outbox_bytes"),
        (SocketOptions::default().outbox_bytes(usize::MAX), "outbox_bytes"),
        (SocketOptions::default().inbox_bytes(0), "inbox_bytes"),
        (SocketOptions::default().close_timeout(Duration::ZERO), "close_timeout"),
    ] {
        let error = options.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn handles_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Socket>();
    check::<plimsoll::Sender>();
    check::<plimsoll::Receiver>();
    check::<plimsoll::Endpoint>();
    check::<plimsoll::Dialer>();
    check::<Error>();
}
