//! Real HTTP, and what its libraries and ours write into logs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll::{Dialer, Endpoint, HttpService, Origins, Socket};
use plimsoll_auth::{Auth, Credential, Denied, Grant, IdentityExt, Token};
use plimsoll_http::Server;
use plimsoll_websocket::WebSocket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing_subscriber::fmt::MakeWriter;

const SECRET: &str = "hush-4f1a";

#[tokio::test]
async fn a_refusal_is_http() {
    let address = serve(Auth::new(only_secret)).await;
    for (header, status, challenge) in [
        ("", "HTTP/1.1 401 ", "www-authenticate: Bearer realm=\"plimsoll\"\r\n"),
        (
            "authorization: Bearer wrong\r\n",
            "HTTP/1.1 401 ",
            "www-authenticate: Bearer realm=\"plimsoll\", error=\"invalid_token\", \
             error_description=\"unknown token\"\r\n",
        ),
        (
            "authorization: Bearer a\r\nauthorization: Bearer b\r\n",
            "HTTP/1.1 400 ",
            "error=\"invalid_request\"",
        ),
    ] {
        let response = upgrade(&address, "/ws", header).await;
        assert!(response.starts_with(status), "{response}");
        assert!(response.contains(challenge), "{response}");
    }
}

#[tokio::test]
async fn a_page_that_offers_its_token_is_answered_with_the_marker() {
    let address = serve(Auth::new(only_secret).from_subprotocol("bearer.")).await;
    let header = format!("sec-websocket-protocol: bearer, bearer.{SECRET}\r\n");
    let response = upgrade(&address, "/ws", &header).await;
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    assert!(response.contains("sec-websocket-protocol: bearer\r\n"), "{response}");
    assert!(!response.contains(SECRET), "{response}");
}

/// The log is that of the whole process: the other tests may write into it, but no credential.
#[tokio::test]
async fn no_log_shows_a_credential() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .init();
    let auth = Auth::new(only_secret)
        .from_header()
        .from_query("key")
        .from_cookie("session")
        .from_subprotocol("bearer.")
        .from_first_message();
    let address = serve(auth).await;
    let good = || Token::new(async || Ok(SECRET.to_owned()));
    let bad = || Token::new(async || Ok(format!("{SECRET}-wrong")));
    let put: [fn(Token) -> Token; 5] = [
        |token| token.in_header(),
        |token| token.in_query("key"),
        |token| token.in_cookie("session"),
        |token| token.in_subprotocol("bearer."),
        |token| token.in_first_message(),
    ];
    for http2 in [false, true] {
        for place in put {
            let connect = async |token| {
                let websocket = WebSocket::connector().http2(http2);
                let dialer =
                    Dialer::builder().transport(websocket).plugin(place(token)).build().unwrap();
                dialer.connect(format!("ws://{address}/ws")).await
            };
            let mut socket = connect(good()).await.unwrap();
            let seen = socket.recv().await.unwrap().unwrap();
            log.note(&format!("{socket:?} {:?} {seen:?}", socket.info()));
            let error = connect(bad()).await.unwrap_err();
            assert_eq!(error.reject().unwrap().status(), 401);
            log.note(&format!("{error} {error:?}"));
        }
    }
    let text = log.text();
    assert!(text.contains(" h2::"), "libraries log");
    // At its most verbose, tungstenite logs the payload of every message.
    let mut lines = text.lines().filter(|line| !line.contains("TRACE tungstenite::"));
    if let Some(line) = lines.find(|line| line.contains(SECRET)) {
        panic!("{line}");
    }
}

async fn only_secret(credential: Credential) -> Result<Grant<&'static str>, Denied> {
    match credential.matches(SECRET) {
        true => Ok(Grant::new("ann").subject("ann").valid_for(Duration::from_secs(600))),
        false => Err(Denied::invalid("unknown token")),
    }
}

/// A server that tells each peer all that it knows of the connection.
async fn serve(auth: Auth<impl plimsoll_auth::Verifier>) -> String {
    let endpoint = Endpoint::builder()
        .plugin(auth)
        .handle(async |mut socket: Socket| {
            let identity = socket.identity::<&str>();
            let _ =
                socket.send(format!("{identity:?} {socket:?} {:?}", socket.info().headers())).await;
            while let Some(Ok(_)) = socket.recv().await {}
        })
        .unwrap();
    let service = HttpService::builder(endpoint)
        .at("/ws", WebSocket::new())
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve());
    address
}

/// Asks for a WebSocket; returns the head of the response.
async fn upgrade(address: &str, path: &str, header: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    while !response.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut response).await.unwrap(), 0, "{response:?}");
    }
    String::from_utf8_lossy(&response).into_owned()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
