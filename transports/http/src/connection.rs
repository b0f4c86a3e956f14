//! One connection that speaks HTTP.

use std::future::{Future, poll_fn, ready};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::{FutureExt, TryFutureExt};
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use plimsoll::{Body, BoxError, PeerAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(feature = "tls")]
use tokio::time::timeout;
use tower_service::Service;

use crate::deadline::{Answer, Deadline, Request as Counted, Requests};
use crate::handle::Handle;
use crate::options::Options;
use crate::server::Server;
use crate::tasks::Spawner;
#[cfg(feature = "tls")]
use crate::tls::Acceptor;

/// What all connections of a server have in common.
#[derive(Clone)]
pub(crate) struct Connection<S> {
    service: S,
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    protocol: Protocol,
    handle: Handle,
    #[cfg(feature = "tls")]
    tls: Option<Acceptor>,
}

enum Protocol {
    /// HTTP/1.1, or HTTP/2 if the client begins with its preface.
    Auto(auto::Builder<Spawner>),
    Http1(http1::Builder),
}

impl<S, B> Connection<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    pub(crate) fn new(server: Server<S>, handle: Handle, spawner: Spawner) -> Self {
        let options = server.options;
        let shared = Shared {
            protocol: if options.http2 { both(&options, spawner) } else { http1_only(&options) },
            handle,
            #[cfg(feature = "tls")]
            tls: server.tls.map(|tls| tls.acceptor(options.http2)),
            options,
        };
        Self { service: server.service, shared: Arc::new(shared) }
    }

    /// Serves a connection until it ends or is upgraded.
    pub(crate) async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        // Small messages go out at once. Where it cannot be set, they go out later.
        let _ = stream.set_nodelay(true);
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.shared.tls {
            let limit = self.shared.options.tls_timeout;
            // The handshake is in its own box, so that its size is not that of the connection.
            let handshake = Box::pin(timeout(limit, tls.accept(stream)));
            let accepted = tokio::select! {
                accepted = handshake => accepted,
                () = self.shared.handle.begun() => return,
            };
            if let Ok(Ok(stream)) = accepted {
                self.speak(stream, peer).await;
            }
            return;
        }
        self.speak(stream, peer).await;
    }

    async fn speak<T>(self, stream: T, peer: SocketAddr)
    where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Self { service, shared } = self;
        let requests = Arc::new(Requests::default());
        let deadline = Deadline::new(Arc::clone(&requests), shared.options.header_timeout);
        let max_headers = shared.options.max_headers;
        let respond = service_fn(move |request: Request<Incoming>| {
            let counted = requests.begin(request.version());
            respond(service.clone(), request, peer, counted, max_headers)
        });
        let io = TokioIo::new(stream);
        match &shared.protocol {
            Protocol::Auto(builder) => {
                let connection = builder.serve_connection_with_upgrades(io, respond);
                let shutdown = auto::UpgradeableConnection::graceful_shutdown;
                drive(Box::pin(connection), shutdown, deadline, &shared.handle).await;
            }
            Protocol::Http1(builder) => {
                let connection = builder.serve_connection(io, respond).with_upgrades();
                let shutdown = http1::UpgradeableConnection::graceful_shutdown;
                drive(Box::pin(connection), shutdown, deadline, &shared.handle).await;
            }
        }
    }
}

/// Hands a request to the service. What is in flight is no larger than the service's own future,
/// since most requests that are in flight at a time are those that wait for long.
fn respond<S, B>(
    mut service: S,
    request: Request<Incoming>,
    peer: SocketAddr,
    counted: Counted,
    max_headers: usize,
) -> impl Future<Output = Result<Response<Answer<B>>, BoxError>> + Send
where
    S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    if request.version() < Version::HTTP_2 && request.headers().len() > max_headers {
        return ready(Ok(too_many_headers(counted))).boxed().right_future();
    }
    let body = |body: Incoming| if body.is_end_stream() { Body::empty() } else { Body::new(body) };
    let mut request = request.map(body);
    request.extensions_mut().insert(PeerAddr::Ip(peer));
    let answer = |response: Response<B>| response.map(|body| counted.until_end_of(Some(body)));
    match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => service.call(request).map_ok(answer).err_into().left_future(),
        Poll::Ready(Err(error)) => ready(Err(error.into())).boxed().right_future(),
        Poll::Pending => async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
            service.call(request).await.map(answer).map_err(Into::into)
        }
        .boxed()
        .right_future(),
    }
}

/// What hyper answers if it counts the headers itself.
fn too_many_headers<B>(counted: Counted) -> Response<Answer<B>> {
    let mut response = Response::new(counted.until_end_of(None));
    *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Polls a connection to its end. It is in a box, so that the task does not have the size of
/// what needs the most memory.
async fn drive<C: Future>(
    mut connection: Pin<Box<C>>,
    shutdown: impl FnOnce(Pin<&mut C>),
    mut deadline: Deadline,
    handle: &Handle,
) {
    let mut shutdown_begun = pin!(handle.begun());
    let ended = poll_fn(|cx| {
        if connection.as_mut().poll(cx).is_ready() || deadline.poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        shutdown_begun.as_mut().poll(cx).map(|()| false)
    });
    if !ended.await {
        shutdown(connection.as_mut());
        let _ = connection.await;
    }
}

fn both(options: &Options, spawner: Spawner) -> Protocol {
    let mut builder = auto::Builder::new(spawner);
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(options.max_header_bytes)
        .keep_alive(options.keep_alive);
    if options.max_headers > HYPER_HEADERS {
        builder.http1().max_headers(options.max_headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .keep_alive_interval(options.header_timeout)
        .keep_alive_timeout(options.header_timeout)
        .max_concurrent_streams(options.max_streams)
        .max_header_list_size(u32::try_from(options.max_header_bytes).unwrap_or(u32::MAX))
        .max_local_error_reset_streams(options.max_local_resets)
        .max_pending_accept_reset_streams(options.max_pending_resets)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER);
    Protocol::Auto(builder)
}

fn http1_only(options: &Options) -> Protocol {
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        .max_buf_size(options.max_header_bytes)
        .keep_alive(options.keep_alive);
    if options.max_headers > HYPER_HEADERS {
        builder.max_headers(options.max_headers);
    }
    Protocol::Http1(builder)
}

/// How many headers hyper takes by itself. For any other number, smaller ones included, it
/// allocates and fills a list with each request.
const HYPER_HEADERS: usize = 100;
/// How much a client may send ahead of what is read, on a stream and on all of a connection's.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// How much may wait to be sent on a stream.
const SEND_BUFFER: usize = 64 * 1024;
