//! Servers that break rules, and what may be between.

use std::sync::Arc;

use plimsoll::{Close, CloseCode, Dial, ErrorKind, Socket};
use plimsoll_sockjs::{SockJsConnector, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::ground::{Way, dialer};
use crate::peer::within;

#[tokio::test]
async fn a_server_that_opens_a_session_again_has_lost_it() {
    let (mut socket, _server) = open("o\no\n").await;
    assert!(within(socket.recv()).await.is_none());
    let close = within(socket.sender().closed()).await;
    assert_eq!(close, Close::new(CloseCode::ABNORMAL, "Server lost session"));
}

#[tokio::test]
async fn a_server_that_breaks_the_framing_loses_its_own_session() {
    for (frames, kind) in [
        ("o\nx\n", ErrorKind::Protocol),
        ("o\na[1]\n", ErrorKind::Protocol),
        ("o\na[\"\n", ErrorKind::Protocol),
        ("o\nc[1]\n", ErrorKind::Protocol),
        ("o\nc[70000,\"\"]\n", ErrorKind::Protocol),
    ] {
        let (mut socket, _server) = open(frames).await;
        let error = within(socket.recv()).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind, "{frames:?}");
    }
}

#[tokio::test]
async fn an_endless_frame_is_cut_off() {
    let (mut socket, _server) = open(&format!("o\na[\"{}", "x".repeat(5_000_000))).await;
    let error = within(socket.recv()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_server_that_answers_without_frames_is_not_asked_for_ever() {
    let server = Server::start(|request| match request.path() {
        "info" => whole("{}"),
        _ if request.is_first("xhr") => whole("o\n"),
        _ => whole(""),
    });
    let server = server.await;
    let connector = SockJsConnector::new().transports([Transport::XhrPolling]);
    let mut socket = dialer(connector).connect(server.url()).await.unwrap();
    let error = within(socket.recv()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_server_that_closes_instead_of_opening_tells_why() {
    for (frame, kind) in [
        ("c[4403,\"not you\"]\n", ErrorKind::Rejected),
        ("c[1000,\"\"]\n", ErrorKind::Close),
        ("a[\"early\"]\n", ErrorKind::Protocol),
    ] {
        let server = streaming(frame).await;
        let connector = SockJsConnector::new().transports([Transport::XhrStreaming]);
        let error = within(dialer(connector).connect(server.url())).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{frame:?}");
        if let Some(reject) = error.reject() {
            assert_eq!((reject.status().as_u16(), &reject.body()[..]), (403, &b"not you"[..]));
        }
    }
}

#[tokio::test]
async fn a_refusal_can_be_read() {
    let server = Server::start(|_| status("401 Unauthorized", "who are you")).await;
    let error = within(Way::WebSocket.dialer().connect(server.url())).await.unwrap_err();
    let reject = error.reject().expect("a refusal");
    assert_eq!((reject.status().as_u16(), &reject.body()[..]), (401, &b"who are you"[..]));
}

#[tokio::test]
async fn what_is_between_may_spoil_one_transport_and_hold_back_another() {
    let server = Server::start(|request| match request.path() {
        "info" => whole("{}"),
        "websocket" => status("403 Forbidden", "by the proxy"),
        // A proxy that collects the stream.
        "xhr_streaming" => String::new(),
        _ if request.is_first("xhr") => whole("o\n"),
        "xhr" => whole("c[3000,\"done\"]\n"),
        _ => status("204 No Content", ""),
    });
    let server = server.await;
    let mut socket = within(dialer(SockJsConnector::new()).connect(server.url())).await.unwrap();
    assert!(within(socket.recv()).await.is_none());
    assert_eq!(socket.sender().closed().await, Close::new(3000.into(), "done"));
}

#[tokio::test]
async fn credentials_go_to_no_other_host() {
    let mut other = streaming("o\n").await;
    let mut server = Server::start({
        let url = format!("http://{}/moved", other.address);
        move |_| whole(&format!("{{\"base_url\":\"{url}\"}}"))
    })
    .await;
    let connector = SockJsConnector::new().transports([Transport::XhrStreaming]);
    let mut dial = Dial::new(server.url());
    dial.headers.insert("authorization", "Bearer secret".parse().unwrap());
    dial.headers.insert("cookie", "sid=secret".parse().unwrap());
    dial.headers.insert("x-kept", "yes".parse().unwrap());
    let _connected = within(dialer(connector).open(dial)).await.unwrap();
    let asked = server.requests.recv().await.unwrap();
    assert_eq!(asked.matches("secret").count(), 2, "{asked}");
    let asked = other.requests.recv().await.unwrap();
    assert!(asked.starts_with("POST /moved/") && asked.contains("x-kept: yes"), "{asked}");
    assert!(!asked.contains("secret"), "{asked}");
}

#[tokio::test]
async fn an_option_that_cannot_work_is_named() {
    for (option, connector) in [
        ("transports", SockJsConnector::new().transports([])),
        ("transports", SockJsConnector::new().transports([Transport::JsonpPolling])),
        ("max_message", SockJsConnector::new().max_message(0)),
        ("max_frame", SockJsConnector::new().max_frame(65_540)),
        ("max_silence", SockJsConnector::new().max_silence(std::time::Duration::ZERO)),
        ("send_buffer", SockJsConnector::new().send_buffer(0)),
    ] {
        let error = plimsoll::Dialer::builder().transport(connector).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
}

/// Opens a session by streaming with a server that sends `frames`.
async fn open(frames: &str) -> (Socket, Server) {
    let server = streaming(frames).await;
    let connector = SockJsConnector::new().transports([Transport::XhrStreaming]);
    let connector = connector.open_timeout(std::time::Duration::from_secs(20));
    (dialer(connector).connect(server.url()).await.unwrap(), server)
}

async fn streaming(frames: &str) -> Server {
    let body = format!("{}\n{frames}", "h".repeat(2048));
    let endless = format!("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n{body}");
    Server::start(move |request| match request.path() {
        "info" => whole("{}"),
        "xhr_streaming" => endless.clone(),
        _ => status("204 No Content", ""),
    })
    .await
}

fn whole(body: &str) -> String {
    status("200 OK", body)
}

fn status(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Answers each request as it was told, and then keeps the connection open.
struct Server {
    address: String,
    requests: mpsc::Receiver<String>,
    _tasks: JoinSet<()>,
}

struct Request<'a> {
    head: &'a str,
    number: usize,
}

impl Request<'_> {
    /// The last segment of the path.
    fn path(&self) -> &str {
        let path = self.head.split(' ').nth(1).unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is the first on its connection, and for this path.
    fn is_first(&self, path: &str) -> bool {
        self.number == 0 && self.path() == path
    }
}

impl Server {
    async fn start(answer: impl Fn(Request<'_>) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, requests) = mpsc::channel(1000);
        let answer = Arc::new(answer);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, sender) = (Arc::clone(&answer), sender.clone());
                connections.spawn(async move { talk(stream, &*answer, sender).await });
            }
        });
        Self { address, requests, _tasks: tasks }
    }

    fn url(&self) -> String {
        format!("sockjs+http://{}/echo", self.address)
    }
}

async fn talk(
    mut stream: TcpStream,
    answer: &(impl Fn(Request<'_>) -> String + ?Sized),
    requests: mpsc::Sender<String>,
) {
    let mut read = Vec::new();
    for number in 0.. {
        let end = loop {
            if let Some(at) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            match stream.read_buf(&mut read).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        };
        let head: Vec<_> = read.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let _ = requests.try_send(head.clone());
        // The client may have gone.
        if stream.write_all(answer(Request { head: &head, number }).as_bytes()).await.is_err() {
            return;
        }
    }
}
