//! Pairs from a server and a client that are whole.

use std::fmt;
use std::task::{Context, Poll};

use plimsoll::{BoxDuplex, Dial, Dialer, Duplex, Endpoint, Error, ErrorKind, Frame, Info, Plugin};
use tokio::sync::{Mutex, mpsc};

use super::pair::Pair;

/// Makes pairs by a transport's own way to connect, handshake and all.
///
/// Its endpoint is served like any other, by a [`Listener`](plimsoll::Listener) or in an HTTP
/// server, but hands the connections to the kit instead of running them.
///
/// ```
/// use plimsoll::Dialer;
/// use plimsoll_conformance::{Harness, check};
/// use plimsoll_memory::Memory;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), plimsoll::Error> {
/// let harness = Harness::new();
/// let memory = Memory::new();
/// tokio::spawn({
///     let (endpoint, listener) = (harness.endpoint().clone(), memory.listen("here")?);
///     async move { endpoint.listen(listener).await }
/// });
/// let dialer = Dialer::builder().transport(memory.connector()).build()?;
///
/// check(async || harness.pair(&dialer, "mem://here").await.unwrap()).await;
/// # Ok(())
/// # }
/// ```
pub struct Harness {
    endpoint: Endpoint,
    accepted: Mutex<mpsc::Receiver<BoxDuplex>>,
}

impl Harness {
    /// Makes a harness with an endpoint that lets everybody in.
    pub fn new() -> Self {
        let (sender, accepted) = mpsc::channel(1);
        let endpoint = Endpoint::builder().plugin(Diversion(sender)).handle(async |_| {});
        let endpoint = endpoint.expect("the defaults can work");
        Self { endpoint, accepted: Mutex::new(accepted) }
    }

    /// The endpoint to serve.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Connects to the endpoint at `url`, and returns both ends.
    ///
    /// # Errors
    ///
    /// Those of [`Dialer::open`].
    pub async fn pair(&self, dialer: &Dialer, url: &str) -> Result<Pair, Error> {
        let mut accepted = self.accepted.lock().await;
        let connected = dialer.open(Dial::new(url)).await?;
        let server = accepted.recv().await.ok_or_else(|| Error::new(ErrorKind::Close))?;
        Ok(Pair::from((connected, server)))
    }
}

impl Default for Harness {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Takes each connection away from its endpoint.
struct Diversion(mpsc::Sender<BoxDuplex>);

impl Plugin for Diversion {
    fn wrap(&self, io: BoxDuplex, _: &mut Info) -> BoxDuplex {
        // Fails if nobody asked for a pair: the connection is dropped.
        let _ = self.0.try_send(io);
        Box::new(Ended)
    }
}

/// What is left to the endpoint.
struct Ended;

impl Duplex for Ended {
    fn poll_recv(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        Poll::Ready(None)
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, _: Frame) -> Result<(), Error> {
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }
}
