//! A server for a test, and requests to it, written out by hand.

use std::net::SocketAddr;

use plimsoll::{Endpoint, EndpointBuilder, HttpService, Origins, Socket};
use plimsoll_engineio::{EngineIo, Options};
use plimsoll_http::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A server at `/engine.io/`, with an endpoint that echoes unless told otherwise.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) endpoint: Endpoint,
    pub(crate) engine: EngineIo,
}

impl TestServer {
    pub(crate) async fn echo(options: Options) -> Self {
        Self::start(EngineIo::new(options), Endpoint::builder().handle(echo).unwrap()).await
    }

    pub(crate) async fn with(options: Options, builder: EndpointBuilder) -> Self {
        Self::start(EngineIo::new(options), builder.handle(echo).unwrap()).await
    }

    pub(crate) async fn start(engine: EngineIo, endpoint: Endpoint) -> Self {
        let service = HttpService::builder(endpoint.clone())
            .at("/engine.io/", engine.clone())
            .origins(Origins::any())
            .build()
            .unwrap();
        let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr();
        tokio::spawn(server.serve());
        Self { address, endpoint, engine }
    }

    /// Makes a request to the path with a query, and reads the whole answer.
    pub(crate) async fn ask(
        &self,
        method: &str,
        query: &str,
        headers: &str,
        body: &[u8],
    ) -> Answer {
        let mut stream = self.begin(method, query, headers, body).await;
        if method == "HEAD" {
            return Answer::read_head(&mut stream).await.0;
        }
        Answer::read(&mut stream).await
    }

    /// Makes a request, and leaves the answer to be read.
    pub(crate) async fn begin(
        &self,
        method: &str,
        query: &str,
        headers: &str,
        body: &[u8],
    ) -> TcpStream {
        let length = format!("Content-Length: {}\r\n", body.len());
        let length = if method == "GET" { "" } else { &length };
        let mut head = format!(
            "{method} /engine.io/?{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{length}",
            self.address,
        );
        if headers.contains("Connection:") {
            head = head.replace("Connection: close\r\n", "");
        }
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{head}{headers}\r\n").as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    /// Opens a session that polls; returns its id.
    pub(crate) async fn open(&self) -> String {
        let answer = self.ask("GET", POLLING, "", b"").await;
        assert_eq!(answer.status, 200);
        sid(&answer.text())
    }

    pub(crate) async fn poll(&self, sid: &str) -> Answer {
        self.ask("GET", &format!("{POLLING}&sid={sid}"), "", b"").await
    }

    pub(crate) async fn post(&self, sid: &str, body: &str) -> Answer {
        let query = format!("{POLLING}&sid={sid}");
        self.ask("POST", &query, TEXT, body.as_bytes()).await
    }

    /// Opens a WebSocket with a query.
    pub(crate) async fn websocket(&self, query: &str) -> Client {
        let url = format!("ws://{}/engine.io/?{query}", self.address);
        connect_async(url).await.unwrap().0
    }

    /// Waits until as many connections are open.
    pub(crate) async fn becomes(&self, connections: usize) {
        while self.endpoint.connections() != connections {
            tokio::task::yield_now().await;
        }
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads a head, and a body whose length it tells.
    pub(crate) async fn read(stream: &mut TcpStream) -> Self {
        let (mut answer, mut body) = Self::read_head(stream).await;
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        while body.len() < length && stream.read_buf(&mut body).await.unwrap() > 0 {}
        answer.body = body;
        answer
    }

    /// Reads a head, and returns what came along with it.
    async fn read_head(stream: &mut TcpStream) -> (Self, Vec<u8>) {
        let mut bytes = Vec::new();
        let end = loop {
            let end = bytes.windows(4).position(|end| end == b"\r\n\r\n");
            if let Some(end) = end {
                break end;
            }
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a whole head");
        };
        let rest = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        });
        (Self { status, headers: headers.collect(), body: Vec::new() }, rest)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| &**value)
    }

    /// Status and body, for one assertion.
    pub(crate) fn both(&self) -> (u16, String) {
        (self.status, self.text())
    }
}

pub(crate) async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// The id in an open packet.
pub(crate) fn sid(open: &str) -> String {
    let (_, rest) = open.split_once(r#""sid":""#).expect("an open packet");
    rest.split('"').next().unwrap().to_owned()
}

pub(crate) fn text(text: &str) -> Message {
    Message::text(text.to_owned())
}

pub(crate) const POLLING: &str = "EIO=4&transport=polling";
pub(crate) const WEBSOCKET: &str = "EIO=4&transport=websocket";
pub(crate) const TEXT: &str = "Content-Type: text/plain;charset=UTF-8\r\n";
pub(crate) const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
pub(crate) const UNKNOWN_SID: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
pub(crate) const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;
