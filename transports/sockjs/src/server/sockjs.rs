//! Which request is for whom.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::{SET_COOKIE, VARY};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, Uri};
use plimsoll::session::Sessions;
use plimsoll::{Body, Endpoint, Error, HttpTransport, MountPath, Reject};
use plimsoll_websocket::WebSocket;

use super::client::Client;
use crate::codec::page::IframePage;
use crate::codec::{Callback, Carrier, Refusal, Route};
use crate::{Options, Transport};

/// Takes SockJS connections in an HTTP server, over any transport of SockJS.
///
/// Goes into an [`HttpService`](plimsoll::HttpService). There may be several, at different
/// paths: each has its own sessions. Clones share theirs.
///
/// Which web pages may connect is up to the [`origins`](plimsoll::HttpServiceBuilder::origins) of
/// the service. By default that is pages of the same host.
///
/// The id of a session that uses requests is chosen by its client (`sockjs-client` draws one of
/// 2^40), and whoever knows it can take part in the session. Where that is too little, put only
/// [`Transport::WebSocket`] on: no other request can join a session over it. The id is not shown to plugins and handlers: the
/// [URI](plimsoll::Info::uri) of a connection is the path of the service, and the query of the
/// request.
///
/// ```
/// use plimsoll::{Endpoint, HttpService, Socket};
/// use plimsoll_sockjs::{Options, SockJs, Transport};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), plimsoll::Error> {
/// let endpoint = Endpoint::builder().handle(async |mut socket: Socket| {
///     while let Some(Ok(message)) = socket.recv().await {
///         if socket.send(message).await.is_err() {
///             break;
///         }
///     }
/// })?;
/// let polling = Options::default().transports([Transport::XhrPolling]);
/// let service = HttpService::builder(endpoint)
///     .at("/echo", SockJs::new())
///     .at("/polling", SockJs::new().options(polling))
///     .build()?;
/// # let _ = service;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SockJs {
    pub(super) options: Arc<Options>,
    pub(super) sessions: Sessions<Arc<Client>>,
    /// Takes WebSockets whose messages are frames of the protocol.
    pub(super) framed: WebSocket,
    /// Takes WebSockets whose messages are messages.
    pub(super) raw: WebSocket,
    pub(super) iframe: Arc<IframePage>,
}

impl SockJs {
    /// Makes the transport with the default options.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    /// Sets the options. The transport begins with no sessions.
    #[must_use]
    pub fn options(self, options: Options) -> Self {
        Self::with(options)
    }

    /// How many sessions use requests, with those that have ended and tell why. A session over
    /// WebSocket does not count.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    fn with(options: Options) -> Self {
        Self {
            sessions: Sessions::new(options.max_sessions, options.disconnect_delay),
            framed: websocket(options.max_body),
            raw: websocket(options.max_message),
            iframe: Arc::new(IframePage::new(&options.sockjs_url)),
            options: Arc::new(options),
        }
    }

    async fn answer(
        &self,
        route: Route<'_>,
        parts: Parts,
        body: Body,
        endpoint: &Endpoint,
    ) -> Result<Response<Body>, Reject> {
        if parts.method == Method::OPTIONS {
            return Ok(self.preflight());
        }
        match route {
            Route::Greeting => Ok(self.greeting()),
            Route::Iframe => Ok(self.iframe(&parts.headers)),
            Route::Info => self.info(),
            Route::RawWebSocket => {
                drop(body);
                self.open_raw(parts, endpoint).await
            }
            Route::Receive { session, transport } => {
                drop(body);
                match carrier(transport, &parts.uri).map_err(Refusal::reject)? {
                    Carrier::WebSocket => self.open_framed(parts, endpoint).await,
                    carrier => self.receive(session, carrier, parts, endpoint).await,
                }
            }
            Route::Send { session, format } => {
                self.send(session, format, &parts.headers, body).await
            }
        }
    }

    /// Whether there is a route under the options.
    fn has(&self, route: &Route<'_>) -> bool {
        match *route {
            Route::Greeting | Route::Iframe | Route::Info => true,
            Route::RawWebSocket => self.options.has(Transport::WebSocket),
            Route::Receive { transport, .. } => self.options.has(transport),
            Route::Send { format, .. } => self.options.has_format(format),
        }
    }
}

impl Default for SockJs {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl HttpTransport for SockJs {
    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    async fn handle(&self, request: Request<Body>, endpoint: &Endpoint) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let mount = parts.extensions.get::<MountPath>();
        let below = mount.and_then(|mount| mount.below(&path)).unwrap_or(&path);
        let route = match Route::parse(below).filter(|route| self.has(route)) {
            Some(route) if allows(route, &parts.method) => route,
            Some(route) => {
                return Refusal::MethodNotAllowed(route.methods()).reject().into_response();
            }
            None => return Refusal::NotFound.reject().into_response(),
        };
        let headers = self.headers(route, &parts.method, &parts.headers);
        parts.uri = without(&parts.uri, below);
        let answered = self.answer(route, parts, body, endpoint).await;
        let mut response = answered.unwrap_or_else(Reject::into_response);
        for (name, value) in &headers {
            if name == SET_COOKIE || name == VARY {
                response.headers_mut().append(name, value.clone());
            } else {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response
    }
}

impl fmt::Debug for SockJs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SockJs")
            .field("options", &self.options)
            .field("sessions", &self.sessions())
            .finish_non_exhaustive()
    }
}

/// Whether a method is one of a route's. Over HTTP/2, WebSockets are asked for by CONNECT.
fn allows(route: Route<'_>, method: &Method) -> bool {
    let is_websocket = matches!(
        route,
        Route::RawWebSocket | Route::Receive { transport: Transport::WebSocket, .. }
    );
    route.allows(method.as_str()) || (is_websocket && method == Method::CONNECT)
}

fn carrier(transport: Transport, uri: &Uri) -> Result<Carrier, Refusal> {
    Ok(match transport {
        Transport::EventSource => Carrier::EventSource,
        Transport::HtmlFile => Carrier::HtmlFile(Callback::from_query(uri.query())?),
        Transport::JsonpPolling => Carrier::Jsonp(Callback::from_query(uri.query())?),
        Transport::WebSocket => Carrier::WebSocket,
        Transport::XhrPolling => Carrier::XhrPolling,
        Transport::XhrStreaming => Carrier::XhrStreaming,
    })
}

/// A URI without the end of its path, where the id of a session is.
fn without(uri: &Uri, below: &str) -> Uri {
    let mount = uri.path().strip_suffix(below).unwrap_or_default();
    let mount = if mount.is_empty() { "/" } else { mount };
    let kept = match uri.query() {
        Some(query) => format!("{mount}?{query}"),
        None => mount.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(kept).ok();
    Uri::from_parts(parts).unwrap_or_default()
}

fn websocket(max: usize) -> WebSocket {
    let mut limits = plimsoll_websocket::Options::default();
    limits.max_message = max;
    limits.max_frame = max;
    WebSocket::new().options(limits)
}
