//! Spans and events, as a subscriber writes them.

mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::{Asks, endpoint, serve, until};
use plimsoll::{Capabilities, Close, CloseCode, Endpoint, Handshake, PeerAddr, Socket};
use plimsoll_memory::{Options, pair};
use plimsoll_trace::{Trace, TraceExt};
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

#[tokio::test(start_paused = true)]
async fn a_connection_tells_of_its_life_in_its_span() {
    let (log, _guard) = Log::at(Level::TRACE);
    let endpoint = endpoint(Trace::new());
    let protocols = vec!["chat".to_owned()];
    let dialer = serve(&endpoint, Asks { protocols, ..Asks::default() });
    let mut socket = dialer.connect("mem://here/rooms/1").await.unwrap();
    socket.send("ahoy").await.unwrap();
    socket.recv().await.unwrap().unwrap();
    socket.close(Close::normal());
    until(|| log.has("closed")).await;

    let span = log.line("opened");
    for field in
        ["transport=\"memory\"", "peer=\"this process\"", "path=\"/rooms/1\"", "protocol=\"chat\""]
    {
        assert!(span.contains("connection{id=") && span.contains(field), "{span}");
    }
    for (event, fields) in [
        ("handled", vec![]),
        ("frame", vec!["direction=\"in\"", "kind=\"text\"", "bytes=4"]),
        ("closed", vec!["code=1000", "seconds=0", "received=1", "sent=1"]),
    ] {
        let line = log.line(event);
        assert!(line.contains("connection{id="), "{event} is in the span: {line}");
        assert!(fields.iter().all(|field| line.contains(field)), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_and_content_never_reach_the_log() {
    let (log, _guard) = Log::at(Level::TRACE);
    let endpoint = endpoint(Trace::new());
    let protocols = vec!["chat".to_owned(), "token.SECRET".to_owned()];
    let dialer = serve(&endpoint, Asks { authorization: Some("Bearer SECRET"), protocols });
    for path in ["", "refused", "not-established", "panics"] {
        let url = format!("mem://here/{path}?token=SECRET&a=b#SECRET");
        match dialer.connect(&url).await {
            Ok(mut socket) => {
                tracing::info!(?socket, info = ?socket.info(), "connected");
                let _ = socket.send("SECRET").await;
                let _ = socket.send(b"SECRET".to_vec()).await;
                while let Some(Ok(message)) = socket.recv().await {
                    if message.is_binary() {
                        socket.close(Close::new(CloseCode::NORMAL, "SECRET"));
                    }
                }
            }
            Err(error) => tracing::info!(?error, "failed"),
        }
    }
    until(|| endpoint.connections() == 0).await;
    until(|| log.count("closed") == 3).await;

    for event in ["dials", "asked", "opened", "handled", "frame", "refused", "status=401"] {
        assert!(log.has(event), "{event} in the log");
    }
    let text = log.text();
    assert!(!text.contains("SECRET") && !text.contains("token"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn paths_can_be_left_out() {
    let (log, _guard) = Log::at(Level::DEBUG);
    let endpoint = endpoint(Trace::new().path(false));
    let admission = endpoint.admit(handshake("/refused", "1")).await;
    assert_eq!(admission.unwrap_err().status(), 401);
    let admission = endpoint.admit(handshake("/panics", "1")).await.unwrap();
    admission.run(pair(Options::default()).unwrap().0).await;
    for event in [": refused", ": opened", ": closed"] {
        assert!(!log.line(event).contains("path"), "{}", log.line(event));
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_cannot_forge_a_line_of_the_log() {
    let (log, _guard) = Log::at(Level::DEBUG);
    let endpoint = endpoint(Trace::new());
    for path in ["/refused", "/panics"] {
        if let Ok(admission) = endpoint.admit(handshake(path, "a\n\u{1b}[31mFORGED\r\n")).await {
            admission.run(pair(Options::default()).unwrap().0).await;
        }
    }
    assert!(log.has("FORGED"));
    assert!(!log.has("\nFORGED") && !log.has("\n\u{1b}") && !log.has("\r"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn other_tasks_can_enter_the_span() {
    let (log, _guard) = Log::at(Level::INFO);
    let endpoint = Endpoint::builder()
        .plugin(Trace::new())
        .handle(async |socket: Socket| {
            tracing::info!("outside");
            let sender = socket.sender().clone();
            tokio::spawn(async move { sender.span().in_scope(|| tracing::info!("inside")) })
                .await
                .unwrap();
            assert_eq!(socket.span().id(), socket.info().span().id());
        })
        .unwrap();
    let admission = endpoint.admit(handshake("/", "1")).await.unwrap();
    assert!(admission.info().span().is_none(), "there is no connection yet");
    admission.run(pair(Options::default()).unwrap().0).await;
    assert!(log.line("inside").contains("connection{"));
    assert!(!log.line("outside").contains("connection{"));
}

fn handshake(path: &str, peer: &str) -> Handshake {
    Handshake::new("test", Capabilities::FULL, path.parse().unwrap())
        .with_peer(Some(PeerAddr::Other(peer.to_owned())))
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Subscribes on this thread.
    fn at(level: Level) -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(level)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn has(&self, event: &str) -> bool {
        self.text().contains(event)
    }

    fn count(&self, event: &str) -> usize {
        self.text().lines().filter(|line| line.contains(event)).count()
    }

    /// The first line with the event.
    fn line(&self, event: &str) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(event));
        line.unwrap_or_else(|| panic!("no {event} in {text}")).to_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
