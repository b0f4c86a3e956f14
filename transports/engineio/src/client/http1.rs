//! HTTP/1.1 to a server: one request at a time, on a connection that is kept.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::FusedFuture;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use plimsoll::{Error, ErrorKind, PeerAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::target::Target;

/// What is needed to connect to a server.
pub(super) struct Server {
    pub(super) target: Target,
    #[cfg(feature = "tls")]
    pub(super) tls: plimsoll_websocket::ClientTls,
}

impl Server {
    async fn connect(&self) -> Result<(Box<dyn Stream>, Option<PeerAddr>), Error> {
        let stream = TcpStream::connect((self.target.host(), self.target.port())).await?;
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr().ok().map(PeerAddr::Ip);
        #[cfg(feature = "tls")]
        if self.target.secure {
            let stream = self.tls.secure(self.target.host(), stream).await?;
            return Ok((Box::new(stream), peer));
        }
        Ok((Box::new(stream), peer))
    }
}

/// Makes requests, one at a time. The connection is kept for the next, and made anew if the
/// server has closed it.
pub(super) struct Http {
    server: Arc<Server>,
    line: Option<Line>,
}

impl Http {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, line: None }
    }

    /// The address of the server, as long as there is a connection.
    pub(super) fn peer(&self) -> Option<&PeerAddr> {
        self.line.as_ref()?.peer.as_ref()
    }

    /// Makes a request. Of the response the body is still to come; it must be read to its end
    /// before the next request.
    ///
    /// Not cancel safe: whether the request was made is not known.
    pub(super) async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Error> {
        if let Some(mut line) = self.line.take()
            && line.is_usable().await
        {
            match line.send(request).await {
                Ok(response) => {
                    self.line = Some(line);
                    return Ok(response);
                }
                // The server closed the connection before it was used.
                Err(Unsent { request: Some(unsent), .. }) => request = *unsent,
                Err(Unsent { error, request: None }) => return Err(error),
            }
        }
        let (stream, peer) = self.server.connect().await?;
        let line = self.line.insert(Line::new(stream, peer).await?);
        line.send(request).await.map_err(|unsent| unsent.error)
    }

    /// The next piece of the body of the response.
    pub(super) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Incoming,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let mut frame = Pin::new(&mut *body).poll_frame(cx);
            if frame.is_pending()
                && let Some(line) = &mut self.line
            {
                // Why it failed is for the body to tell.
                let _ = line.connection.poll_unpin(cx);
                frame = Pin::new(&mut *body).poll_frame(cx);
            }
            return match frame {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => Poll::Ready(Some(Ok(data))),
                    Err(_trailers) => continue,
                },
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(failed(error)))),
                Poll::Ready(None) => {
                    if let Some(line) = &mut self.line {
                        line.used = Instant::now();
                    }
                    Poll::Ready(None)
                }
            };
        }
    }

    /// Reads a body that says nothing but why. Of a long one only the beginning is read, and the
    /// connection is not used again.
    pub(super) async fn read_short(&mut self, mut body: Incoming) -> Result<Bytes, Error> {
        let mut bytes = BytesMut::new();
        while let Some(data) = poll_fn(|cx| self.poll_body(cx, &mut body)).await {
            let data = data?;
            let room = MAX_SHORT - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                self.line = None;
                break;
            }
        }
        Ok(bytes.freeze())
    }
}

/// A connection.
struct Line {
    requests: SendRequest<Full<Bytes>>,
    connection: Pin<Box<dyn FusedFuture<Output = hyper::Result<()>> + Send>>,
    peer: Option<PeerAddr>,
    used: Instant,
}

impl Line {
    async fn new(stream: Box<dyn Stream>, peer: Option<PeerAddr>) -> Result<Self, Error> {
        let mut builder = Builder::new();
        builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEADER_BYTES);
        let (requests, connection) =
            builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        Ok(Self { requests, connection: Box::pin(connection.fuse()), peer, used: Instant::now() })
    }

    /// Whether another request can be made, as far as this side can tell.
    async fn is_usable(&mut self) -> bool {
        // One that the server closes at this moment could take the request with it.
        if self.used.elapsed() > MAX_IDLE {
            return false;
        }
        // What the server did since the last request shows only now.
        let ended = poll_fn(|cx| Poll::Ready(self.connection.poll_unpin(cx).is_ready())).await;
        !ended && within(&mut self.connection, self.requests.ready()).await.is_ok()
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unsent> {
        let response = self.requests.try_send_request(request);
        within(&mut self.connection, response).await.map_err(|mut error| Unsent {
            request: error.take_message().map(Box::new),
            error: failed(error.into_error()),
        })
    }
}

/// A request without a response.
struct Unsent {
    /// The request, if nothing of it has gone out.
    request: Option<Box<Request<Full<Bytes>>>>,
    error: Error,
}

/// What HTTP runs on.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Polls a connection while waiting for what depends on it. The connection may have ended.
async fn within<T>(mut connection: impl FusedFuture + Unpin, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        // Why it failed is for the future to tell.
        if !connection.is_terminated() {
            let _ = connection.poll_unpin(cx);
        }
        future.as_mut().poll(cx)
    })
    .await
}

fn failed(error: hyper::Error) -> Error {
    let kind = if error.is_parse() { ErrorKind::Protocol } else { ErrorKind::Io };
    Error::with_source(kind, error)
}

/// How much of a body is read that is not for packets, in bytes.
const MAX_SHORT: usize = 8 * 1024;
/// How large the headers of a response may be, in bytes.
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// For how long a connection may be idle and still be used. Servers written in Node close them
/// after five seconds.
const MAX_IDLE: Duration = Duration::from_secs(4);
