//! What goes out, and what is told, when a connection ends in the midst of something.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::SinkExt;
use plimsoll::{
    Backoff, BoxDuplex, Capabilities, Close, CloseCode, Connected, Connector, Dial, Dialer, Duplex,
    DuplexExt, Endpoint, Error, ErrorKind, Frame, Handshake, Info, LinkState, Shutdown, Socket,
    SocketOptions,
};
use plimsoll_memory::{Options, pair};
use tokio::time::timeout;

fn info() -> Info {
    Info::new("test", Capabilities::FULL, "/".parse().unwrap())
}

fn spawn(io: impl Duplex) -> Socket {
    Socket::spawn(Box::new(io), info(), SocketOptions::default())
}

/// A pair in which one frame waits at a time.
fn narrow_pair() -> (BoxDuplex, BoxDuplex) {
    pair(Options::default().capacity(1)).unwrap()
}

/// Fails at a message that is not allowed.
struct Strict(BoxDuplex);

impl Duplex for Strict {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.0.poll_recv(cx).map(|frame| match frame {
            Some(Ok(frame)) if frame == Frame::from("bad") => Some(Err(ErrorKind::Protocol.into())),
            frame => frame,
        })
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.0.start_send(frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_close(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_peer_broke_the_protocol_goes_out_before_the_close() {
    let (mut left, right) = narrow_pair();
    let mut right = spawn(Strict(right));
    for text in ["one", "two", "three"] {
        right.send(text).await.unwrap();
    }
    left.send("bad").await.unwrap();
    assert_eq!(right.recv().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    for text in ["one", "two", "three"] {
        assert_eq!(left.recv().await.unwrap().unwrap(), Frame::from(text));
    }
    let Frame::Close(close) = left.recv().await.unwrap().unwrap() else { panic!() };
    assert_eq!(close.code, CloseCode::PROTOCOL);
}

#[tokio::test(start_paused = true)]
async fn an_abort_sends_nothing_that_waits() {
    let (mut left, right) = narrow_pair();
    let right = spawn(right);
    for i in 0..10 {
        right.send(i.to_string()).await.unwrap();
    }
    // The driver has taken all of them, and has one of them in the pipe.
    tokio::task::yield_now().await;
    right.sender().abort(Close::going_away());
    assert_eq!(left.recv().await.unwrap().unwrap(), Frame::from("0"));
    assert_eq!(left.recv().await.unwrap().unwrap(), Frame::Close(Close::going_away()));
}

/// A connection that plays back what the peer sent, and cannot send or is stuck in it.
struct Playback {
    frames: VecDeque<Frame>,
    sends: Poll<ErrorKind>,
    closed: Arc<AtomicBool>,
}

impl Playback {
    fn new(frames: impl IntoIterator<Item = Frame>, sends: Poll<ErrorKind>) -> Self {
        Self { frames: frames.into_iter().collect(), sends, closed: Arc::default() }
    }
}

impl Duplex for Playback {
    fn poll_recv(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        Poll::Ready(self.frames.pop_front().map(Ok))
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.sends.map(|kind| Err(kind.into()))
    }

    fn start_send(&mut self, _: Frame) -> Result<(), Error> {
        panic!("nothing is ever ready");
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.closed.store(true, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

fn stay_away() -> Close {
    Close::new(CloseCode::from(4403), "banned")
}

#[tokio::test(start_paused = true)]
async fn the_peers_close_is_answered_while_messages_still_wait() {
    let io = Playback::new([Frame::Close(stay_away())], Poll::Pending);
    let closed = Arc::clone(&io.closed);
    let socket = spawn(io);
    socket.send("stuck").await.unwrap();
    socket.close(Close::normal());
    let ended = timeout(Duration::from_secs(1), socket.sender().closed()).await;
    assert_eq!(ended.expect("not at the deadline"), Close::normal());
    assert!(closed.load(Ordering::Relaxed), "the transport can answer");
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_cannot_go_out_does_not_hide_the_peers_close() {
    let frames = [Frame::Ping(Bytes::new()), Frame::Close(stay_away())];
    let mut socket = spawn(Playback::new(frames, Poll::Ready(ErrorKind::Io)));
    assert!(socket.recv().await.is_none());
    assert_eq!(socket.sender().closed().await, stay_away());
}

/// Connects once, to a server that closes for good.
struct Once(AtomicBool);

#[async_trait]
impl Connector for Once {
    fn schemes(&self) -> &[&'static str] {
        &["once"]
    }

    async fn connect(&self, _: Dial) -> Result<Connected, Error> {
        assert!(!self.0.swap(true, Ordering::Relaxed), "the server said to stay away");
        let frames = ["last words".into(), Frame::Close(stay_away())];
        let io = Box::new(Playback::new(frames, Poll::Ready(ErrorKind::Io)));
        Ok(Connected { io, info: info() })
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_that_says_stay_away_counts_although_sending_failed_first() {
    let dialer = Dialer::builder().transport(Once(AtomicBool::default())).build().unwrap();
    let (mut socket, status) = dialer.keep_connected("once:", Backoff::default()).await.unwrap();
    socket.send("fails").await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap().as_text(), Some("last words"));
    assert!(socket.recv().await.is_none());
    assert!(matches!(status.now(), LinkState::Closed(close) if close == stay_away()));
}

#[tokio::test(start_paused = true)]
async fn a_sink_can_be_closed_twice() {
    let (left, right) = narrow_pair();
    let (mut left, _right) = (spawn(left), spawn(right));
    SinkExt::close(&mut left).await.unwrap();
    SinkExt::close(&mut left).await.unwrap();
    assert_eq!(left.sender().close_reason(), Some(Close::normal()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_blocks_its_thread_does_not_hang_a_shutdown() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(Some(released));
    let endpoint = Endpoint::builder()
        .handle(move |_| {
            let released = released.lock().unwrap().take();
            async move {
                released.unwrap().recv().unwrap_err();
            }
        })
        .unwrap();
    let handshake = Handshake::new("test", Capabilities::FULL, "/".parse().unwrap());
    let admission = endpoint.admit(handshake).await.unwrap();
    let (_left, right) = narrow_pair();
    admission.spawn(async { Some(right) });
    let shutdown = Shutdown::default().grace(Duration::from_millis(1));
    assert_eq!(endpoint.shutdown(shutdown).await, 1);
    drop(release);
}
