//! What needs a network: WebSockets, and responses as they are on it.

use std::net::SocketAddr;
use std::time::Duration;

use plimsoll::{Close, Endpoint, Socket};
use plimsoll_sockjs::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ground::{Ground, options};

/// A connection to a server, byte by byte.
struct Wire(TcpStream);

impl Wire {
    async fn connect(address: SocketAddr, request: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(stream)
    }

    async fn websocket(address: SocketAddr, path: &str) -> Self {
        let mut wire = Self::connect(address, &handshake("GET", path, "13")).await;
        let head = wire.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        wire
    }

    async fn line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(line).unwrap()
    }

    /// The status line and the headers of a response.
    async fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push_str(&self.line().await);
        }
        head.to_lowercase().replacen("http", "HTTP", 1)
    }

    async fn bytes(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// A chunk of a response (RFC 9112, section 7.1).
    async fn chunk(&mut self) -> String {
        let size = usize::from_str_radix(self.line().await.trim(), 16).unwrap();
        let chunk = self.bytes(size).await;
        assert_eq!(self.bytes(2).await, "\r\n");
        chunk
    }

    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).await.unwrap();
        rest
    }

    /// Sends a frame with a mask of zeros (RFC 6455, section 5.2).
    async fn send(&mut self, opcode: u8, payload: &str) {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(length @ 0..126) => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload.as_bytes());
        self.0.write_all(&frame).await.unwrap();
    }

    async fn send_text(&mut self, payload: &str) {
        self.send(TEXT, payload).await;
    }

    /// The opcode and the payload of the next short frame.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let opcode = self.0.read_u8().await.unwrap() & 0xf;
        let mut payload = vec![0; self.0.read_u8().await.unwrap().into()];
        self.0.read_exact(&mut payload).await.unwrap();
        (opcode, payload)
    }

    async fn text(&mut self) -> String {
        let (opcode, payload) = self.frame().await;
        assert_eq!(opcode, TEXT, "{payload:?}");
        String::from_utf8(payload).unwrap()
    }

    async fn close(&mut self) -> (u16, String) {
        let (opcode, payload) = self.frame().await;
        assert_eq!(opcode, CLOSE, "{payload:?}");
        let (code, reason) = payload.split_at(2);
        let code = u16::from_be_bytes(code.try_into().unwrap());
        (code, String::from_utf8(reason.to_vec()).unwrap())
    }
}

fn handshake(method: &str, path: &str, version: &str) -> String {
    format!(
        "{method} /echo{path} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: {version}\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FRAMED: &str = "/0/s/websocket";

fn short() -> Options {
    options().heartbeat_delay(Duration::from_millis(20))
}

fn closing() -> Endpoint {
    let close = Close::new(3000.into(), "Go away!");
    Endpoint::builder()
        .handle(move |socket: Socket| {
            socket.close(close.clone());
            async {}
        })
        .unwrap()
}

#[tokio::test]
async fn a_session_over_websocket_opens_and_echoes() {
    let ground = Ground::new(options());
    let mut wire = Wire::websocket(ground.serve().await, FRAMED).await;
    assert_eq!(wire.text().await, "o");
    for ignored in ["", "[]"] {
        wire.send_text(ignored).await;
    }
    wire.send_text("[\"a\",\"b\"]").await;
    wire.send_text("\"c\"").await;
    for expected in ["a[\"a\"]", "a[\"b\"]", "a[\"c\"]"] {
        assert_eq!(wire.text().await, expected);
    }
    assert_eq!(ground.sockjs.sessions(), 0);
}

#[tokio::test]
async fn ids_of_sessions_over_websocket_may_be_used_again() {
    let ground = Ground::new(options());
    let address = ground.serve().await;
    for _ in 0..2 {
        let mut wire = Wire::websocket(address, FRAMED).await;
        assert_eq!(wire.text().await, "o");
    }
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
}

#[tokio::test]
async fn a_session_over_websocket_is_closed_by_a_frame_first() {
    let ground = Ground::with(options(), closing());
    let mut wire = Wire::websocket(ground.serve().await, FRAMED).await;
    assert_eq!(wire.text().await, "o");
    assert_eq!(wire.text().await, "c[3000,\"Go away!\"]");
    assert_eq!(wire.close().await, (1000, "Normal closure".into()));
}

#[tokio::test]
async fn broken_framing_is_told_by_the_websocket_alone() {
    let ground = Ground::new(options().max_message(100).max_messages(3));
    let address = ground.serve().await;
    for (opcode, payload, code) in [
        (TEXT, "[\"a".to_owned(), 3000),
        (TEXT, "{}".to_owned(), 3000),
        (BINARY, "[\"a\"]".to_owned(), 3000),
        (TEXT, format!("[{:?}]", "x".repeat(101)), 1009),
        (TEXT, "[\"\",\"\",\"\",\"\"]".to_owned(), 1009),
    ] {
        let mut wire = Wire::websocket(address, FRAMED).await;
        assert_eq!(wire.text().await, "o");
        wire.send(opcode, &payload).await;
        assert_eq!(wire.close().await.0, code, "{payload}");
    }
    assert_eq!(ground.endpoint.panics(), 0);
}

#[tokio::test]
async fn what_came_before_broken_framing_is_answered() {
    let mut wire = Wire::websocket(Ground::new(options()).serve().await, FRAMED).await;
    assert_eq!(wire.text().await, "o");
    wire.send_text("[\"a\"]").await;
    wire.send_text("nonsense").await;
    assert_eq!(wire.text().await, "a[\"a\"]");
    assert_eq!(wire.close().await, (3000, "Broken framing.".into()));
}

#[tokio::test]
async fn a_client_over_websocket_that_answers_pings_lives() {
    let mut wire = Wire::websocket(Ground::new(short()).serve().await, FRAMED).await;
    assert_eq!(wire.text().await, "o");
    for _ in 0..5 {
        assert_eq!(wire.frame().await, (PING, Vec::new()));
        wire.send(PONG, "").await;
    }
    wire.send_text("[\"a\"]").await;
    loop {
        match wire.frame().await {
            (PING, _) => wire.send(PONG, "").await,
            (opcode, payload) => {
                assert_eq!((opcode, payload), (TEXT, b"a[\"a\"]".to_vec()));
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_client_over_websocket_that_answers_no_ping_is_dead() {
    let ground = Ground::new(short().pong_timeout(Duration::from_millis(20)));
    let mut wire = Wire::websocket(ground.serve().await, FRAMED).await;
    assert_eq!(wire.text().await, "o");
    assert_eq!(wire.frame().await, (PING, Vec::new()));
    assert_eq!(wire.text().await, "c[3000,\"No response from heartbeat\"]");
    assert_eq!(wire.close().await.0, 1000);
    assert_eq!(wire.rest().await, "");
}

#[tokio::test]
async fn a_raw_websocket_has_no_framing() {
    let address = Ground::new(options()).serve().await;
    let mut wire = Wire::websocket(address, "/websocket").await;
    wire.send_text("[\"a\"]").await;
    assert_eq!(wire.text().await, "[\"a\"]");
    let closing = Ground::with(options(), closing()).serve().await;
    let mut wire = Wire::websocket(closing, "/websocket/").await;
    assert_eq!(wire.close().await, (3000, "Go away!".into()));
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let address = Ground::new(options()).serve().await;
    for path in [FRAMED, "/websocket"] {
        for (request, status, body) in [
            (
                format!("GET /echo{path} HTTP/1.1\r\nhost: a\r\n\r\n"),
                "400",
                "Not a valid websocket request",
            ),
            (handshake("GET", path, "7"), "400", "Only supported WebSocket protocol is RFC 6455."),
            (
                handshake("POST", path, "13").replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"),
                "405",
                "",
            ),
        ] {
            let mut wire = Wire::connect(address, &request).await;
            let head = wire.head().await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
            assert_eq!(wire.rest().await, body);
        }
    }
}

#[tokio::test]
async fn each_frame_is_a_chunk_on_the_network() {
    let ground = Ground::new(options().response_limit(10));
    let request = "POST /echo/0/s/xhr_streaming HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    let mut wire = Wire::connect(ground.serve().await, request).await;
    assert!(wire.head().await.contains("\r\ntransfer-encoding: chunked\r\n"));
    assert_eq!(wire.chunk().await.len(), 2049);
    assert_eq!(wire.chunk().await, "o\n");
    ground.post("/0/s/xhr_send", r#"["abc"]"#).await;
    assert_eq!(wire.chunk().await, "a[\"abc\"]\n");
    assert_eq!(wire.chunk().await, "", "the end");
    wire.0.write_all(request.as_bytes()).await.unwrap();
    assert!(wire.head().await.starts_with("HTTP/1.1 200 "), "on the same connection");
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_a_stream_that_ends_with_the_connection() {
    let ground = Ground::with(options(), closing());
    let request = "POST /echo/0/s/xhr_streaming HTTP/1.0\r\n\r\n";
    let mut wire = Wire::connect(ground.serve().await, request).await;
    assert!(!wire.head().await.contains("transfer-encoding"));
    assert_eq!(wire.bytes(2049).await.trim_end(), "h".repeat(2048));
    assert_eq!(wire.rest().await, "o\nc[3000,\"Go away!\"]\n");
}

#[tokio::test]
async fn a_request_without_a_length_opens_a_session() {
    let request = "POST /echo/0/s/xhr HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut wire = Wire::connect(Ground::new(options()).serve().await, request).await;
    assert!(wire.head().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.rest().await, "o\n");
}

#[tokio::test]
async fn a_client_that_goes_interrupts_its_session() {
    let (told, mut ended) = tokio::sync::mpsc::channel(1);
    let endpoint = Endpoint::builder()
        .handle(move |socket: Socket| {
            let told = told.clone();
            async move {
                let _ = socket.sender().closed().await;
                let _ = told.send(()).await;
            }
        })
        .unwrap();
    let ground = Ground::with(options(), endpoint);
    let request = "POST /echo/0/s/xhr_streaming HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut wire = Wire::connect(ground.serve().await, request).await;
    wire.head().await;
    wire.chunk().await;
    drop(wire);
    ended.recv().await.unwrap();
    let late = ground.post("/0/s/xhr", "").await.text().await;
    assert_eq!(late, "c[1002,\"Connection interrupted\"]\n");
}
