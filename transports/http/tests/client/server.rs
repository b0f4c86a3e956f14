//! A server that answers as it is told.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// It lives as long as this.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    closed: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers one request with each of `answers`. If it does not keep connections, it closes them
    /// after each.
    pub(crate) async fn new<A: Into<String>>(
        answers: impl IntoIterator<Item = A>,
        keep: bool,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let closed = Arc::new(Semaphore::new(0));
        let answers: Vec<String> = answers.into_iter().map(Into::into).collect();
        let (count, close) = (Arc::clone(&connections), Arc::clone(&closed));
        let task = tokio::spawn(async move {
            let mut answers = answers.into_iter();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                while read_request(&mut stream).await {
                    let Some(answer) = answers.next() else { break };
                    if stream.write_all(answer.as_bytes()).await.is_err() || !keep {
                        break;
                    }
                }
                drop(stream);
                close.add_permits(1);
            }
        });
        Self { address, connections, closed, task }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until a connection has been closed.
    pub(crate) async fn closed(&self) {
        within(self.closed.acquire()).await.unwrap().forget();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("it takes too long")
}

/// Whether there was one.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}
