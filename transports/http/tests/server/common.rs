//! A service to serve, and clients that say exactly what a test wants.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use plimsoll::{Body, BoxError, Error, PeerAddr};
use plimsoll_http::{Handle, Server};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower_service::Service;

/// Answers `/` at once, `/slow` when told to, `/long` with 8 MiB, and panics at `/panic`.
#[derive(Clone)]
pub(crate) struct App {
    /// How many requests have come.
    pub(crate) requests: Arc<AtomicUsize>,
    /// One permit for each answer to `/slow`.
    pub(crate) answers: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new() -> Self {
        Self { requests: Arc::default(), answers: Arc::new(Semaphore::new(0)) }
    }

    /// Waits until so many requests have come.
    pub(crate) async fn requested(&self, count: usize) {
        let requested = async {
            while self.requests.load(Ordering::SeqCst) < count {
                tokio::task::yield_now().await;
            }
        };
        within(requested).await;
    }
}

impl Service<Request<Body>> for App {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let answers = Arc::clone(&self.answers);
        Box::pin(async move {
            match request.uri().path() {
                "/panic" => panic!("on purpose"),
                "/slow" => answers.acquire().await.unwrap().forget(),
                "/long" => return Ok(Response::new(Body::from(Bytes::from(vec![0; LONG])))),
                _ => {}
            }
            let peer = request.extensions().get::<PeerAddr>().unwrap();
            Ok(Response::new(Body::from(Bytes::from(format!("hello {peer}")))))
        })
    }
}

/// How many bytes `/long` has.
pub(crate) const LONG: usize = 8 * 1024 * 1024;

/// A server that runs until it is dropped.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) handle: Handle,
    task: JoinHandle<Result<(), Error>>,
}

impl Running {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    /// A connection on which this much has been sent.
    pub(crate) async fn send(&self, data: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(data.as_ref()).await.unwrap();
        stream
    }

    /// Waits until the server has ended by itself.
    pub(crate) async fn ended(&mut self) {
        within(&mut self.task).await.unwrap().unwrap();
    }

    /// Ends the server from outside.
    pub(crate) async fn abort(&mut self) {
        self.task.abort();
        assert!(within(&mut self.task).await.unwrap_err().is_cancelled());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn serve<S, B>(server: Server<S>) -> Running
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let (addr, handle) = (server.local_addr(), server.handle());
    let task = tokio::spawn(async move { server.serve().await });
    Running { addr, handle, task }
}

/// A request over HTTP/1.1 without a body.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

/// Reads a response over HTTP/1.1: its status and its body.
pub(crate) async fn response(stream: &mut (impl AsyncRead + Unpin)) -> (StatusCode, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(within(stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    within(stream.read_exact(&mut body)).await.unwrap();
    (status, String::from_utf8(body).unwrap())
}

/// Reads until the server ends the connection, in order or not.
pub(crate) async fn closed(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = within(stream.read_to_end(&mut read)).await;
    read
}

/// Fails the test instead of waiting forever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), future).await.expect("it happens some time")
}
