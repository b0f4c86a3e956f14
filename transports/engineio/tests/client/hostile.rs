//! Servers that do what they should not.

use std::error::Error as _;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use plimsoll::{BoxDuplex, Connected, Connector, Dial, Duplex, DuplexExt, Error, ErrorKind, Frame};
use plimsoll_engineio::{EngineIoConnector, EngineIoError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::peer::within;

#[tokio::test]
async fn what_is_no_session_is_an_error() {
    for (answer, kind) in [
        (ok("<html>"), ErrorKind::Protocol),
        (ok(""), ErrorKind::Protocol),
        (ok("4hello"), ErrorKind::Protocol),
        (ok("0{}"), ErrorKind::Codec),
        (ok(&"0".repeat(2_000_000)), ErrorKind::TooLarge),
        (status(200, "").replace("Content-Length: 0", "Content-Length: 9"), ErrorKind::Io),
        (status(204, ""), ErrorKind::Protocol),
        (status(302, "elsewhere"), ErrorKind::Rejected),
        (status(503, "later"), ErrorKind::Rejected),
        (status(400, r#"{"code":5,"message":"no"}"#), ErrorKind::Protocol),
        (
            ok("").replace("\r\n\r\n", &format!("\r\n{}\r\n", "a: b\r\n".repeat(100))),
            ErrorKind::Protocol,
        ),
        (
            ok("").replace("\r\n\r\n", &format!("\r\na: {}\r\n\r\n", "b".repeat(100_000))),
            ErrorKind::Protocol,
        ),
        ("SSH-2.0-server\r\n\r\n".to_owned(), ErrorKind::Protocol),
        (String::new(), ErrorKind::Io),
    ] {
        let server = Server::start(move |_, _, _| Some(answer.clone())).await;
        let error = server.connect().await.err().expect("an error");
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_known_by_its_code() {
    let unknown = status(400, r#"{"code":1,"message":"Session ID unknown"}"#);
    let server = session(move |method, _| (method == "GET").then(|| unknown.clone())).await;
    let error = failure(server.connect().await.unwrap()).await;
    let answer = error.source().unwrap().downcast_ref::<EngineIoError>().unwrap();
    assert_eq!((error.kind(), answer.code()), (ErrorKind::Protocol, 1));
    assert_eq!(answer.message(), "Session ID unknown");
}

#[tokio::test]
async fn a_packet_that_is_none_ends_the_session() {
    for (answer, kind) in [
        (ok("4a\u{1e}9"), ErrorKind::Protocol),
        (ok("4a\u{1e}b%"), ErrorKind::Codec),
        (ok("4a\u{1e}"), ErrorKind::Protocol),
        (ok(&format!("4a\u{1e}4{}", "b".repeat(1_000_001))), ErrorKind::TooLarge),
        (status(302, ""), ErrorKind::Protocol),
        (status(502, ""), ErrorKind::Rejected),
    ] {
        let server = session(move |method, _| (method == "GET").then(|| answer.clone())).await;
        let error = failure(server.connect().await.unwrap()).await;
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}

#[tokio::test]
async fn a_body_may_be_longer_than_what_is_held_of_it() {
    let body = vec![format!("4{}", "b".repeat(900_000)); 30].join("\u{1e}");
    let answer = ok(&body);
    let server =
        session(move |method, round| (method == "GET" && round == 0).then(|| answer.clone())).await;
    let mut io = server.connect().await.unwrap();
    for _ in 0..30 {
        let Frame::Message(message) = within(io.recv()).await.unwrap().unwrap() else { panic!() };
        assert_eq!(message.len(), 900_000);
    }
}

#[tokio::test]
async fn a_server_may_close_every_connection() {
    let server = session(|method, round| {
        let answer = if method == "GET" { ok(&format!("4{round}")) } else { ok("ok") };
        Some(answer.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
    })
    .await;
    let mut io = server.connect().await.unwrap();
    for round in 0..20 {
        within(io.send("ahoy")).await.unwrap();
        let frame = within(io.recv()).await.unwrap().unwrap();
        assert_eq!(frame, Frame::from(round.to_string()));
    }
}

#[tokio::test]
async fn a_request_that_is_broken_off_may_be_explained_by_a_close() {
    for (answer, is_close) in [(Some(ok("1")), true), (None, false)] {
        let is_broken_off = AtomicBool::new(false);
        let server = session(move |method, _| {
            if method == "POST" {
                is_broken_off.store(true, Ordering::SeqCst);
                return Some(String::new());
            }
            if is_broken_off.load(Ordering::SeqCst) { answer.clone() } else { Some(ok("6")) }
        })
        .await;
        let mut io = server.connect().await.unwrap();
        poll_fn(|cx| io.poll_ready(cx)).await.unwrap();
        io.start_send("ahoy".into()).unwrap();
        match within(io.recv()).await.unwrap() {
            Ok(frame) => assert!(is_close && matches!(frame, Frame::Close(_)), "{frame:?}"),
            Err(error) => assert_eq!((error.kind(), is_close), (ErrorKind::Io, false)),
        }
    }
}

#[tokio::test]
async fn a_server_that_takes_nothing_holds_the_sender_back() {
    let server = session(|_, _| None).await;
    let mut io = server.connect().await.unwrap();
    let mut taken = 0;
    while poll_fn(|cx| Poll::Ready(io.poll_ready(cx).is_ready())).await {
        io.start_send(Frame::from("x".repeat(1000))).unwrap();
        taken += 1000;
        assert!(taken < 1_000_000);
    }
    // A buffer is on its way, and another is full.
    assert!((60_000..200_000).contains(&taken), "{taken}");
}

#[tokio::test]
async fn a_reader_that_waits_does_not_poll() {
    let gets = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&gets);
    let server = session(move |method, round| {
        if method == "GET" {
            counted.store(round, Ordering::SeqCst);
        }
        Some(ok("4a\u{1e}4b"))
    })
    .await;
    let mut io = server.connect().await.unwrap();
    for round in 0..5 {
        for _ in 0..2 {
            within(io.recv()).await.unwrap().unwrap();
        }
        // The next is under way, and no second.
        assert!(gets.load(Ordering::SeqCst) <= round + 1);
    }
}

async fn failure(mut io: BoxDuplex) -> Error {
    loop {
        if let Err(error) = within(io.recv()).await.expect("an error, no end") {
            return error;
        }
    }
}

/// A server that opens a session and then answers as it is told: by the method and the number of
/// requests with it.
async fn session(answer: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static) -> Server {
    Server::start(move |method, round, path| {
        if path.contains("sid=") {
            return answer(method, if method == "GET" { round - 1 } else { round });
        }
        Some(ok(r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#))
    })
    .await
}

fn ok(body: &str) -> String {
    status(200, body)
}

fn status(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

struct Server {
    url: String,
}

impl Server {
    /// Answers requests. Where there is no answer the client waits.
    async fn start(
        answer: impl Fn(&str, usize, &str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("engineio+http://{}/", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            let rounds = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&rounds)));
            }
        });
        Self { url }
    }

    async fn connect(&self) -> Result<BoxDuplex, Error> {
        let Connected { io, .. } =
            within(EngineIoConnector::new().connect(Dial::new(self.url.as_str()))).await?;
        Ok(io)
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<impl Fn(&str, usize, &str) -> Option<String>>,
    rounds: Arc<[AtomicUsize; 2]>,
) -> Option<()> {
    let mut read = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            (stream.read_buf(&mut read).await.ok()? > 0).then_some(())?;
        };
        let head = String::from_utf8(read.drain(..end).collect()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        while read.len() < length {
            (stream.read_buf(&mut read).await.ok()? > 0).then_some(())?;
        }
        read.drain(..length);
        let mut words = head.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let round = rounds[usize::from(method == "POST")].fetch_add(1, Ordering::SeqCst);
        let Some(answer) = answer(method, round, path) else {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            return None;
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        if answer.is_empty() || answer.contains("Connection: close") || answer.contains("h: 9") {
            return None;
        }
    }
}
