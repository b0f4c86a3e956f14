//! A connection that carries one request at a time.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::FusedFuture;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use plimsoll::{Error, ErrorKind, PeerAddr};
use tokio::time::Instant;

use super::origin::Stream;

/// A connection that carries one request at a time.
pub(super) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    running: Pin<Box<dyn FusedFuture<Output = hyper::Result<()>> + Send>>,
    peer: Option<PeerAddr>,
    used: Instant,
}

impl Connection {
    pub(super) async fn new(
        stream: Box<dyn Stream>,
        peer: Option<PeerAddr>,
    ) -> Result<Self, Error> {
        let mut builder = Builder::new();
        builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEADER_BYTES);
        let (requests, running) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        Ok(Self { requests, running: Box::pin(running.fuse()), peer, used: Instant::now() })
    }

    pub(super) fn peer(&self) -> Option<&PeerAddr> {
        self.peer.as_ref()
    }

    /// Whether another request can be made, as far as this side can tell.
    pub(super) async fn is_usable(&mut self) -> bool {
        // One that the server closes at this moment could take the request with it.
        if self.used.elapsed() > MAX_IDLE {
            return false;
        }
        // What the server did since the last request shows only now.
        let ended = poll_fn(|cx| Poll::Ready(self.running.poll_unpin(cx).is_ready())).await;
        !ended && within(&mut self.running, self.requests.ready()).await.is_ok()
    }

    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unsent> {
        let response = self.requests.try_send_request(request);
        within(&mut self.running, response).await.map_err(|mut error| Unsent {
            request: error.take_message().map(Box::new),
            error: failed(error.into_error()),
        })
    }

    /// Moves bytes. Why it fails is for the body to tell.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        let _ = self.running.poll_unpin(cx);
    }

    /// Notes the end of a response.
    pub(super) fn rest(&mut self) {
        self.used = Instant::now();
    }
}

/// A request without a response.
pub(super) struct Unsent {
    /// The request, if nothing of it has gone out.
    pub(super) request: Option<Box<Request<Full<Bytes>>>>,
    pub(super) error: Error,
}

pub(super) fn failed(error: hyper::Error) -> Error {
    let kind = if error.is_parse() { ErrorKind::Protocol } else { ErrorKind::Io };
    Error::with_source(kind, error)
}

/// Polls a connection while waiting for what depends on it. The connection may have ended.
async fn within<T>(mut running: impl FusedFuture + Unpin, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        // Why it failed is for the future to tell.
        if !running.is_terminated() {
            let _ = running.poll_unpin(cx);
        }
        future.as_mut().poll(cx)
    })
    .await
}

/// How large the headers of a response may be, in bytes.
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// For how long a connection may be idle and still be used. Servers written in Node close them
/// after five seconds.
const MAX_IDLE: Duration = Duration::from_secs(4);
