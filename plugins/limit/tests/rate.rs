//! The limits of rates, on connections in memory, under paused time.

use std::time::Duration;

use futures::future::{join, poll_fn};
use http::Uri;
use plimsoll::{
    BoxDuplex, Capabilities, Close, CloseCode, Duplex, DuplexExt, Endpoint, ErrorKind, Frame, Info,
    Message, Plugin, Socket, SocketOptions,
};
use plimsoll_heartbeat::Heartbeat;
use plimsoll_limit::{RateLimit, RatePolicy};
use plimsoll_memory::{Options, pair};
use tokio::time::{Instant, sleep, timeout};

#[tokio::test(start_paused = true)]
async fn a_fast_peer_gets_the_burst_at_once_and_then_the_rate_exactly() {
    let (mut socket, mut peer) = connect(RateLimit::new().messages(10, 5));
    let start = Instant::now();
    let flood = async {
        for number in 0..105 {
            peer.send(number.to_string()).await.unwrap();
        }
    };
    let measure = async {
        for number in 0..105_u32 {
            assert_eq!(recv(&mut socket).await.as_text(), Some(&*number.to_string()));
            let due = Duration::from_millis(100) * number.saturating_sub(4);
            assert_on_time(start, due);
        }
    };
    join(flood, measure).await;
}

#[tokio::test(start_paused = true)]
async fn bytes_pass_at_their_rate_whatever_the_sizes_of_messages() {
    let (mut socket, mut peer) = connect(RateLimit::new().bytes(1000, 500));
    let start = Instant::now();
    let sizes = [500, 0, 100, 1, 399, 250, 250, 500, 0, 1000];
    let flood = async {
        for size in sizes {
            peer.send(vec![0; size]).await.unwrap();
        }
    };
    let measure = async {
        let mut sum = 0;
        for size in sizes {
            sum += size as u64;
            assert_eq!(recv(&mut socket).await.len(), size);
            assert_on_time(start, Duration::from_millis(sum.saturating_sub(500)));
        }
    };
    join(flood, measure).await;
}

#[tokio::test(start_paused = true)]
async fn a_rest_saves_up_to_the_burst() {
    let (mut socket, mut peer) = connect(RateLimit::new().messages(10, 5));
    for _ in 0..3 {
        sleep(Duration::from_secs(60)).await;
        let start = Instant::now();
        for _ in 0..6 {
            peer.send("now").await.unwrap();
        }
        for number in 0..6 {
            recv(&mut socket).await;
            assert_on_time(start, Duration::from_millis(if number < 5 { 0 } else { 100 }));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_average_below_the_rate_is_never_made_to_wait() {
    let (mut socket, mut peer) = connect(RateLimit::new().messages(3, 1).bytes(30, 10));
    for _ in 0..1000 {
        peer.send("ten bytes.").await.unwrap();
        let sent = Instant::now();
        recv(&mut socket).await;
        assert_eq!(sent.elapsed(), Duration::ZERO);
        sleep(Duration::from_millis(334)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_too_fast_has_to_wait_and_fills_no_memory_here() {
    let (mut socket, mut peer) = connect(RateLimit::new().messages(1, 1));
    let message = Message::binary(vec![0; 1024]);
    let mut sent = 0;
    while timeout(Duration::from_millis(1), peer.send(message.clone())).await.is_ok() {
        sent += 1;
    }
    assert!(sent < 70, "{sent} messages of 1 KiB passed a transport of 64 KiB");
    recv(&mut socket).await;
}

#[tokio::test(start_paused = true)]
async fn by_policy_a_peer_that_is_too_fast_is_closed_and_told_when_to_come_back() {
    let limit = RateLimit::new().messages(0.1, 2).policy(RatePolicy::Close);
    let (mut socket, mut peer) = connect(limit);
    for _ in 0..3 {
        peer.send("now").await.unwrap();
    }
    recv(&mut socket).await;
    recv(&mut socket).await;
    let error = socket.recv().await.unwrap().unwrap_err();
    assert_eq!(error.reject().unwrap().status(), 429);

    let Some(Ok(Frame::Close(close))) = peer.recv().await else { panic!("no close") };
    assert_eq!(u16::from(close.code), 4429);
    assert!(close.code.may_reconnect());
    let delay = close.retry_delay().unwrap();
    assert!((Duration::from_secs(10)..=Duration::from_secs(15)).contains(&delay), "{delay:?}");
}

#[tokio::test(start_paused = true)]
async fn by_policy_what_is_too_much_is_thrown_away() {
    let limit = RateLimit::new().messages(10, 2).bytes(1000, 20).policy(RatePolicy::Drop);
    let (mut socket, mut peer) = connect(limit);
    for text in ["1", "larger than the burst", "2", "3", "4"] {
        peer.send(text).await.unwrap();
    }
    sleep(Duration::from_millis(100)).await;
    for text in ["5", "6"] {
        peer.send(text).await.unwrap();
    }
    peer.send(Frame::Close(Close::normal())).await.unwrap();
    for text in ["1", "2", "5"] {
        assert_eq!(recv(&mut socket).await, text.into());
    }
    assert!(socket.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_is_answered_at_the_rate() {
    for policy in [RatePolicy::Delay, RatePolicy::Drop] {
        let (_socket, mut peer) = connect(RateLimit::new().control(10, 20).policy(policy));
        let mut pongs = 0;
        let flood = async {
            loop {
                tokio::select! {
                    biased;
                    frame = peer.recv() => {
                        assert!(matches!(frame, Some(Ok(Frame::Pong(_)))), "{frame:?}");
                        pongs += 1;
                    }
                    () = sleep(Duration::from_millis(1)) => {
                        let _ = timeout(Duration::ZERO, peer.send(Frame::Ping("".into()))).await;
                    }
                }
            }
        };
        assert!(timeout(Duration::from_secs(10), flood).await.is_err());
        assert!((100..=121).contains(&pongs), "{pongs} pongs, {policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pongs_closes_by_policy() {
    let (mut socket, mut peer) = connect(RateLimit::new().policy(RatePolicy::Close));
    for _ in 0..21 {
        peer.send(Frame::Pong("".into())).await.unwrap();
    }
    assert!(socket.recv().await.unwrap().is_err());
    assert!(matches!(peer.recv().await, Some(Ok(Frame::Close(_)))));
}

#[tokio::test(start_paused = true)]
async fn what_this_side_sends_is_not_limited() {
    let (socket, mut peer) = connect(RateLimit::new().messages(1, 1).bytes(1, 1).control(1, 1));
    let start = Instant::now();
    let send = async {
        for _ in 0..1000 {
            socket.send("more than a byte").await.unwrap();
        }
    };
    let receive = async {
        for _ in 0..1000 {
            peer.recv().await.unwrap().unwrap();
        }
    };
    join(send, receive).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_peer_that_has_to() {
    let (socket, mut peer) = connect(RateLimit::new().messages(0.001, 1));
    for _ in 0..10 {
        peer.send("now").await.unwrap();
    }
    let start = Instant::now();
    tokio::task::yield_now().await;
    socket.close(Close::normal());
    assert_eq!(peer.recv().await.unwrap().unwrap(), Frame::Close(Close::normal()));
    peer.send(Frame::Close(Close::normal())).await.unwrap();
    assert_eq!(socket.sender().closed().await.code, CloseCode::NORMAL);
    assert_on_time(start, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_reader_is_woken_when_a_close_ends_the_wait() {
    let (io, mut peer) = pair(Options::default()).unwrap();
    let mut io = RateLimit::new().messages(0.001, 1).wrap(io, &mut info());
    peer.send("1").await.unwrap();
    peer.send("2").await.unwrap();
    io.recv().await.unwrap().unwrap();
    let (start, mut closed) = (Instant::now(), false);
    let frame = poll_fn(|cx| {
        let received = io.poll_recv(cx);
        if received.is_pending() && !closed {
            closed = true;
            io.start_send(Frame::Close(Close::normal())).unwrap();
        }
        received
    });
    assert_eq!(frame.await.unwrap().unwrap(), "2".into());
    assert_on_time(start, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_has_to_wait_is_not_dead() {
    let (io, mut peer) = pair(Options::default()).unwrap();
    let mut info = info();
    let io = Heartbeat::default().wrap(io, &mut info);
    let io = RateLimit::new().messages(0.001, 1).wrap(io, &mut info);
    let mut socket = Socket::spawn(io, info, SocketOptions::default());
    peer.send("1").await.unwrap();
    peer.send("2").await.unwrap();
    recv(&mut socket).await;
    let mut pings = 0;
    let listen = async {
        while let Some(Ok(Frame::Ping(_))) = peer.recv().await {
            pings += 1;
        }
    };
    tokio::select! {
        () = listen => panic!("the connection ended"),
        message = recv(&mut socket) => assert_eq!(message, "2".into()),
    }
    assert!(pings > 30, "{pings} signs of life of this side in 1000 s");
}

#[tokio::test]
async fn options_that_cannot_work_fail_when_the_endpoint_is_built() {
    for (limit, option) in [
        (RateLimit::new().messages(0, 1), "messages"),
        (RateLimit::new().bytes(f64::NAN, 1), "bytes"),
        (RateLimit::new().control(1, 0), "control"),
    ] {
        let error = Endpoint::builder().plugin(limit).handle(async |_| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
}

fn connect(limit: RateLimit) -> (Socket, BoxDuplex) {
    let (io, peer) = pair(Options::default()).unwrap();
    let mut info = info();
    let io = limit.wrap(io, &mut info);
    (Socket::spawn(io, info, SocketOptions::default()), peer)
}

fn info() -> Info {
    Info::new("memory", Capabilities::FULL, Uri::from_static("/"))
}

async fn recv(socket: &mut Socket) -> Message {
    socket.recv().await.unwrap().unwrap()
}

/// Never early, and late by no more than the precision of timers.
fn assert_on_time(start: Instant, due: Duration) {
    let elapsed = start.elapsed();
    assert!(
        elapsed >= due && elapsed <= due + Duration::from_millis(1),
        "{elapsed:?}, not {due:?}"
    );
}
