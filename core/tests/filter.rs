//! Filters between a peer and an application of which one does not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use plimsoll::{
    BoxDuplex, Capabilities, Close, Duplex, DuplexExt, Error, ErrorKind, Filter, Flow, Frame, Info,
    Socket, SocketOptions, filter,
};
use plimsoll_memory::{Options, pair};
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

fn spawn(io: BoxDuplex, options: SocketOptions) -> Socket {
    let info = Info::new("test", Capabilities::FULL, "/".parse().unwrap());
    Socket::spawn(io, info, options)
}

/// Sends back all that it gets, and counts the seconds; sends a tick at each if it should.
struct Clock {
    next: Instant,
    seconds: Arc<AtomicUsize>,
    ticks: bool,
}

impl Clock {
    fn new(ticks: bool) -> Self {
        Self { next: Instant::now() + SECOND, seconds: Arc::default(), ticks }
    }
}

impl Filter for Clock {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        flow.send(frame);
        Ok(None)
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.next)
    }

    fn expired(&mut self, now: Instant, flow: &mut Flow) -> Result<(), Error> {
        self.next = now + SECOND;
        self.seconds.fetch_add(1, Ordering::Relaxed);
        if self.ticks {
            flow.send("tick");
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn timers_run_while_answers_wait_for_a_peer_that_does_not_read() {
    let (mut left, right) = pair(Options::default().capacity(1)).unwrap();
    let clock = Clock::new(false);
    let seconds = Arc::clone(&clock.seconds);
    let _right = spawn(filter(right, clock), SocketOptions::default());
    while timeout(SECOND / 10, left.send("answer me")).await.is_ok() {}
    let before = seconds.load(Ordering::Relaxed);
    sleep(SECOND * 5).await;
    assert!(seconds.load(Ordering::Relaxed) >= before + 4);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_no_ticks_is_closed_before_they_fill_the_memory() {
    let (_left, right) = pair(Options::default().capacity(1)).unwrap();
    let mut right = spawn(filter(right, Clock::new(true)), SocketOptions::default());
    let start = Instant::now();
    assert_eq!(right.recv().await.unwrap().unwrap_err().kind(), ErrorKind::SlowConsumer);
    assert!(start.elapsed() < SECOND * 1100, "{:?}", start.elapsed());
}

/// Sends a ping and a pong with each message that comes in.
struct Pinging(u32);

impl Filter for Pinging {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        self.0 += 1;
        flow.send(Frame::Ping(self.0.to_string().into()));
        flow.send(Frame::Pong(self.0.to_string().into()));
        Ok(Some(frame))
    }
}

#[tokio::test(start_paused = true)]
async fn of_pings_and_pongs_that_wait_only_the_last_goes_out() {
    let (mut left, right) = pair(Options::default().capacity(1)).unwrap();
    let mut right = spawn(filter(right, Pinging(0)), SocketOptions::default());
    right.send("fills the pipe").await.unwrap();
    for _ in 0..100 {
        left.send("more").await.unwrap();
        assert_eq!(right.recv().await.unwrap().unwrap().as_text(), Some("more"));
    }
    assert_eq!(left.recv().await.unwrap().unwrap(), Frame::from("fills the pipe"));
    let mut frames = Vec::new();
    while let Ok(Some(Ok(frame))) = timeout(SECOND, left.recv()).await {
        frames.push(frame);
    }
    assert_eq!(frames, [Frame::Ping("100".into()), Frame::Pong("100".into())]);
}

/// Makes three messages of one.
struct Triple;

impl Filter for Triple {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        flow.deliver(frame.clone());
        flow.deliver(frame.clone());
        Ok(Some(frame))
    }
}

/// Counts how often it is flushed.
struct Flushes(BoxDuplex, Arc<AtomicUsize>);

impl Duplex for Flushes {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.0.poll_recv(cx)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.0.start_send(frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_close(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_filter_delivers_to_an_application_that_does_not_read_waits_at_rest() {
    let (mut left, right) = pair(Options::default()).unwrap();
    let flushes = Arc::new(AtomicUsize::new(0));
    let io = Box::new(Flushes(right, Arc::clone(&flushes)));
    let mut right = spawn(filter(io, Triple), SocketOptions::default().inbox_bytes(1));
    left.send("one").await.unwrap();
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(flushes.load(Ordering::Relaxed) < 10, "{flushes:?}: the task never rests");
    for _ in 0..3 {
        assert_eq!(right.recv().await.unwrap().unwrap().as_text(), Some("one"));
    }
}

/// Fails at some messages. What it does to the others must not be left out.
struct Seal;

impl Filter for Seal {
    fn inbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        seal(frame)
    }

    fn outbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        seal(frame)
    }
}

fn seal(frame: Frame) -> Result<Option<Frame>, Error> {
    match frame {
        Frame::Message(message) if message.as_text() == Some("bad") => Err(ErrorKind::Codec.into()),
        Frame::Message(_) => Ok(Some("sealed".into())),
        control => Ok(Some(control)),
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_failed_lets_nothing_but_a_close_through() {
    let (mut left, right) = pair(Options::default()).unwrap();
    let mut right = filter(right, Seal);
    right.send("open").await.unwrap();
    assert_eq!(right.send("bad").await.unwrap_err().kind(), ErrorKind::Codec);
    right.send("open").await.unwrap();
    right.send(Frame::Close(Close::normal())).await.unwrap();
    assert_eq!(left.recv().await.unwrap().unwrap(), Frame::from("sealed"));
    assert_eq!(left.recv().await.unwrap().unwrap(), Frame::Close(Close::normal()));

    let (mut left, right) = pair(Options::default()).unwrap();
    let mut right = filter(right, Seal);
    left.send("open").await.unwrap();
    left.send(Frame::Close(Close::going_away())).await.unwrap();
    assert_eq!(right.send("bad").await.unwrap_err().kind(), ErrorKind::Codec);
    assert_eq!(right.recv().await.unwrap().unwrap(), Frame::Close(Close::going_away()));
}
