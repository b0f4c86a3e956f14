//! Ends in order: what clients are told, what is finished, and what is not waited for.

use std::collections::HashSet;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use plimsoll::{
    Close, CloseCode, Connector, Dialer, Endpoint, Handshake, HttpService, Origins, Plugin, Reject,
    Shutdown, Socket, SocketOptions,
};
use plimsoll_http::{Handle, Server};
use plimsoll_memory::Memory;
use plimsoll_websocket::WebSocket;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

async fn idle(mut socket: Socket) {
    while let Some(Ok(_)) = socket.recv().await {}
}

/// An endpoint at `/ws` of a server, with the route `/old` beside it.
struct Site {
    addr: SocketAddr,
    endpoint: Endpoint,
    handle: Handle,
    task: JoinHandle<()>,
}

impl Site {
    async fn new(endpoint: Endpoint) -> Self {
        let router = application(&endpoint);
        let server = Server::new(router).bind("127.0.0.1:0").await.unwrap();
        let (addr, handle) = (server.local_addr(), server.handle());
        let task = tokio::spawn(async move { server.serve().await.unwrap() });
        Self { addr, endpoint, handle, task }
    }

    async fn connect(&self, connector: impl Connector) -> Socket {
        let dialer = Dialer::builder().transport(connector).build().unwrap();
        dialer.connect(format!("ws://{}/ws", self.addr)).await.unwrap()
    }

    /// Waits until so many connections are open.
    async fn opened(&self, count: usize) {
        within(async {
            while self.endpoint.connections() < count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    fn shut_down(&self, shutdown: Shutdown) -> JoinHandle<usize> {
        let endpoint = self.endpoint.clone();
        tokio::spawn(async move { endpoint.shutdown(shutdown).await })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn application(endpoint: &Endpoint) -> Router {
    let service = HttpService::builder(endpoint.clone())
        .at("/ws", WebSocket::new())
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    Router::new().route("/old", get("old route")).fallback_service(service)
}

/// A WebSocket that costs its process little more than the descriptor.
struct RawSocket(TcpStream);

impl RawSocket {
    async fn connect(addr: SocketAddr) -> Self {
        let mut socket = Self(TcpStream::connect(addr).await.unwrap());
        assert!(socket.request().await.starts_with("HTTP/1.1 101"));
        socket
    }

    /// Asks for a WebSocket; returns the head of the response.
    async fn request(&mut self) -> String {
        self.0
            .write_all(
                b"GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n\
                  upgrade: websocket\r\nsec-websocket-version: 13\r\n\
                  sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            )
            .await
            .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    /// Waits for the server's close, answers it, and waits for the end.
    async fn closed(mut self) -> Close {
        let [kind, length] = self.0.read_u16().await.unwrap().to_be_bytes();
        assert_eq!(kind, 0x88, "a close frame");
        let code = self.0.read_u16().await.unwrap();
        let mut reason = vec![0; usize::from(length) - 2];
        self.0.read_exact(&mut reason).await.unwrap();
        // The same code, masked with zeros (RFC 6455, section 5.3).
        let [high, low] = code.to_be_bytes();
        self.0.write_all(&[0x88, 0x82, 0, 0, 0, 0, high, low]).await.unwrap();
        assert_eq!(self.0.read(&mut [0]).await.unwrap(), 0, "the server ends the connection");
        Close::new(code.into(), String::from_utf8(reason).unwrap())
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("it happens some time")
}

/// How many WebSockets, with both ends in this process, there are descriptors for.
fn room_for_sockets() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).unwrap();
    let descriptors = limit.maximum.unwrap_or(1_000_000).saturating_sub(500);
    usize::try_from(descriptors / 2).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_are_told_to_come_back_and_closed() {
    const ALL: usize = 10_000;
    let site = Site::new(Endpoint::builder().handle(idle).unwrap()).await;
    // Those that there are no descriptors for are connections in memory.
    let websockets = ALL.min(room_for_sockets());
    let mut clients = JoinSet::new();
    for _ in 0..websockets {
        let socket = within(RawSocket::connect(site.addr)).await;
        clients.spawn(socket.closed());
    }
    let memory = Memory::new();
    let (endpoint, listener) = (site.endpoint.clone(), memory.listen("here").unwrap());
    tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    for _ in websockets..ALL {
        let mut socket = dialer.connect("mem://here").await.unwrap();
        clients.spawn(async move {
            assert!(socket.recv().await.is_none());
            socket.sender().closed().await
        });
    }
    site.opened(ALL).await;

    let dropped = within(site.shut_down(Shutdown::default())).await.unwrap();
    assert_eq!(dropped, 0, "all are closed within the grace");
    assert_eq!(site.endpoint.connections(), 0);
    let mut delays = HashSet::new();
    for close in within(clients.join_all()).await {
        assert_eq!(close.code, CloseCode::GOING_AWAY);
        let delay = close.retry_delay().unwrap();
        assert!(delay <= Shutdown::default().spread, "{delay:?}");
        delays.insert(delay);
    }
    assert!(delays.len() > 1000, "they do not come back at once: {}", delays.len());
}

#[tokio::test]
async fn handshakes_get_503_while_handlers_finish() {
    let (asked, finish) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (told, until) = (Arc::clone(&asked), Arc::clone(&finish));
    let endpoint = Endpoint::builder().handle(move |mut socket: Socket| {
        let (asked, finish) = (Arc::clone(&told), Arc::clone(&until));
        async move {
            while let Some(Ok(_)) = socket.recv().await {}
            asked.notify_one();
            // Books to close, say.
            finish.acquire().await.unwrap().forget();
        }
    });
    let site = Site::new(endpoint.unwrap()).await;
    let socket = RawSocket::connect(site.addr).await;
    site.opened(1).await;
    let stopping = site.shut_down(Shutdown::default());
    assert_eq!(within(socket.closed()).await.code, CloseCode::GOING_AWAY);
    within(asked.notified()).await;

    let mut late = RawSocket(TcpStream::connect(site.addr).await.unwrap());
    let response = within(late.request()).await;
    assert!(response.starts_with("HTTP/1.1 503"), "{response}");
    assert!(response.contains("retry-after: "), "{response}");
    // Other routes go on.
    let mut stream = TcpStream::connect(site.addr).await.unwrap();
    stream
        .write_all(b"GET /old HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut response = String::new();
    within(stream.read_to_string(&mut response)).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");

    assert!(!stopping.is_finished(), "the handler is waited for");
    finish.add_permits(1);
    assert_eq!(within(stopping).await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_handler_has_sent_still_arrives() {
    const COUNT: usize = 900;
    let endpoint = Endpoint::builder().handle(async |mut socket: Socket| {
        for i in 0..COUNT {
            socket.send(format!("{i} {}", "x".repeat(1000))).await.unwrap();
        }
        while let Some(Ok(_)) = socket.recv().await {}
    });
    let site = Site::new(endpoint.unwrap()).await;
    let mut socket = site.connect(WebSocket::connector()).await;
    // The first message is here, so the others are in the outbox.
    let first = socket.recv().await.unwrap().unwrap();
    assert!(first.as_text().unwrap().starts_with("0 "));
    let stopping = site.shut_down(Shutdown::default());
    for i in 1..COUNT {
        let message = within(socket.recv()).await.unwrap().unwrap();
        assert!(message.as_text().unwrap().starts_with(&format!("{i} ")));
    }
    assert!(within(socket.recv()).await.is_none());
    assert_eq!(socket.sender().closed().await.code, CloseCode::GOING_AWAY);
    assert_eq!(within(stopping).await.unwrap(), 0);
}

#[tokio::test]
async fn handlers_that_hang_are_dropped_after_the_grace_and_counted() {
    let alive = Arc::new(());
    let token = Arc::clone(&alive);
    let endpoint = Endpoint::builder().handle(move |socket: Socket| {
        let token = Arc::clone(&token);
        async move {
            pending::<()>().await;
            drop((socket, token));
        }
    });
    let site = Site::new(endpoint.unwrap()).await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(RawSocket::connect(site.addr).await);
    }
    site.opened(5).await;
    assert_eq!(Arc::strong_count(&alive), 7);
    let stopping = site.shut_down(Shutdown::default().grace(Duration::from_millis(200)));
    for client in clients {
        assert_eq!(within(client.closed()).await.code, CloseCode::GOING_AWAY);
    }
    assert_eq!(within(stopping).await.unwrap(), 5);
    assert_eq!(Arc::strong_count(&alive), 2, "the handlers are gone");
    assert_eq!(site.endpoint.connections(), 0);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_not_waited_for() {
    let options = SocketOptions::default().outbox_bytes(64 * 1024 * 1024);
    let sent = Arc::new(Notify::new());
    let told = Arc::clone(&sent);
    let endpoint = Endpoint::builder().socket(options).handle(move |mut socket: Socket| {
        let sent = Arc::clone(&told);
        async move {
            // More than the buffers of the operating system take.
            for _ in 0..500 {
                socket.send(vec![0; 60_000]).await.unwrap();
            }
            sent.notify_one();
            while let Some(Ok(_)) = socket.recv().await {}
        }
    });
    let site = Site::new(endpoint.unwrap()).await;
    let _client = RawSocket::connect(site.addr).await;
    within(sent.notified()).await;
    let stopping = site.shut_down(Shutdown::default().grace(Duration::from_millis(200)));
    assert_eq!(within(stopping).await.unwrap(), 1);
    assert_eq!(site.endpoint.connections(), 0);
}

/// Tells of a handshake, and waits in it for something that never comes.
struct Stuck(Arc<Notify>);

#[async_trait]
impl Plugin for Stuck {
    async fn handshake(&self, _: &mut Handshake) -> Result<(), Reject> {
        self.0.notify_one();
        pending().await
    }
}

#[tokio::test]
async fn a_handshake_that_hangs_is_answered_in_the_end() {
    let endpoint = Endpoint::builder()
        .plugin(Stuck(Arc::default()))
        .handshake_timeout(Duration::from_millis(200))
        .handle(idle)
        .unwrap();
    let site = Site::new(endpoint).await;
    let mut client = RawSocket(TcpStream::connect(site.addr).await.unwrap());
    assert!(within(client.request()).await.starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn a_handshake_that_hangs_is_not_waited_for() {
    let asked = Arc::new(Notify::new());
    let endpoint = Endpoint::builder()
        .plugin(Stuck(Arc::clone(&asked)))
        .handshake_timeout(Duration::from_secs(3600))
        .handle(idle)
        .unwrap();
    let site = Site::new(endpoint).await;
    let mut client = RawSocket(TcpStream::connect(site.addr).await.unwrap());
    let request = tokio::spawn(async move { client.request().await });
    within(asked.notified()).await;
    let stopping = site.shut_down(Shutdown::default().grace(Duration::from_millis(50)));
    within(stopping).await.unwrap();
    assert!(within(request).await.unwrap().starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn websockets_over_http_2_are_closed_before_their_server_ends() {
    let mut site = Site::new(Endpoint::builder().handle(idle).unwrap()).await;
    let mut sockets = Vec::new();
    for http2 in [true, false, true] {
        sockets.push(site.connect(WebSocket::connector().http2(http2)).await);
    }
    site.opened(3).await;
    assert_eq!(within(site.shut_down(Shutdown::default())).await.unwrap(), 0);
    site.handle.shutdown(Duration::from_secs(60));
    for mut socket in sockets {
        assert!(within(socket.recv()).await.is_none());
        let close = socket.sender().closed().await;
        assert_eq!(close.code, CloseCode::GOING_AWAY);
        assert!(close.retry_delay().is_some());
    }
    within(&mut site.task).await.unwrap();
    assert!(TcpStream::connect(site.addr).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn clients_that_shall_stay_away_are_told_so() {
    let site = Site::new(Endpoint::builder().handle(idle).unwrap()).await;
    let socket = RawSocket::connect(site.addr).await;
    site.opened(1).await;
    let close = Close::new(CloseCode::NORMAL, "closed for good");
    let stopping = site.shut_down(Shutdown::default().close(close.clone()));
    let told = within(socket.closed()).await;
    assert_eq!(told, close, "no delay is named to those who do not come back");
    assert!(!told.code.may_reconnect());
    assert_eq!(within(stopping).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_of_axum_ends_after_the_endpoint() {
    let endpoint = Endpoint::builder().handle(idle).unwrap();
    let router = application(&endpoint);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let serving = tokio::spawn(async move {
        let shut_down = async move {
            stopped.notified().await;
            assert_eq!(endpoint.shutdown(Shutdown::default()).await, 0);
        };
        axum::serve(listener, router).with_graceful_shutdown(shut_down).await.unwrap();
    });
    let socket = RawSocket::connect(addr).await;
    stop.notify_one();
    assert_eq!(within(socket.closed()).await.code, CloseCode::GOING_AWAY);
    within(serving).await.unwrap();
}
