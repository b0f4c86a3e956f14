use std::convert::Infallible;
use std::fmt;
use std::future::{Future, ready};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::{Body, Origins, forwarded};
use crate::{BoxError, Endpoint, Error, PeerAddr, Reject, Socket};

/// A server transport that answers HTTP requests.
///
/// By the time of a request the [`HttpService`] has matched the path, has checked the origin,
/// and has put into the request's extensions the peer's [`PeerAddr`], if it is known, and the
/// [`MountPath`], below which a transport may have routes of its own.
#[async_trait]
pub trait HttpTransport: Send + Sync + 'static {
    /// Checks the options, once, when the service is built.
    ///
    /// # Errors
    ///
    /// An [`Error::config`] names the option and the remedy.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Answers a request. For a new connection: asks [`Endpoint::admit`], then starts it with
    /// the [`Admission`](crate::Admission). The request's path is whole.
    async fn handle(&self, request: Request<Body>, endpoint: &Endpoint) -> Response<Body>;
}

/// Serves an [`Endpoint`] over transports that live in an HTTP server: a tower [`Service`] for
/// any body, to be nested in axum or served by hyper.
///
/// Each transport owns a path and what lies below it: `/ws` owns `/ws` and `/ws/room`, but not
/// `/wsx`. Requests for other paths are answered with 404. Clones share everything.
#[derive(Clone)]
pub struct HttpService(Arc<Shared>);

/// Behind one count of references, which each request takes.
struct Shared {
    endpoint: Endpoint,
    routes: Arc<Routes>,
}

/// The path at which a transport is, without a slash at its end: in the extensions of each
/// request that an [`HttpTransport`] gets. Empty for a transport that owns every path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MountPath(Arc<str>);

impl MountPath {
    fn new(path: &str) -> Self {
        Self(path.trim_end_matches('/').into())
    }

    /// The path itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows it in `path`: empty, or beginning with a slash. `None` if `path` does not
    /// lie below it.
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.0).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

struct Routes {
    transports: Vec<(MountPath, Box<dyn HttpTransport>)>,
    origins: Origins,
    trusted_proxies: Vec<IpAddr>,
}

impl HttpService {
    /// Starts to build a service.
    pub fn builder(endpoint: Endpoint) -> HttpServiceBuilder {
        HttpServiceBuilder {
            endpoint,
            transports: Vec::new(),
            origins: Origins::default(),
            trusted_proxies: Vec::new(),
        }
    }

    /// The same service with another handler: for one route, or one request.
    #[must_use]
    pub fn with_handler<H, F>(&self, handler: H) -> Self
    where
        H: Fn(Socket) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let endpoint = self.0.endpoint.with_handler(handler);
        Self::share(endpoint, Arc::clone(&self.0.routes))
    }

    /// The endpoint behind the service.
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    fn share(endpoint: Endpoint, routes: Arc<Routes>) -> Self {
        Self(Arc::new(Shared { endpoint, routes }))
    }

    /// Finds the transport for a request, and tells it what is known of the peer.
    fn route(&self, request: &mut Request<Body>) -> Result<usize, Reject> {
        let Routes { transports, origins, trusted_proxies } = &*self.0.routes;
        let path = request.uri().path();
        let Some(at) = transports.iter().position(|(mount, _)| mount.below(path).is_some()) else {
            return Err(Reject::new(StatusCode::NOT_FOUND, "not found"));
        };
        if !origins.allow(request) {
            return Err(Reject::new(StatusCode::FORBIDDEN, WRONG_ORIGIN));
        }
        if !trusted_proxies.is_empty()
            && let Some(peer) = request.extensions_mut().remove::<PeerAddr>()
        {
            let peer = forwarded::peer(peer, request.headers(), trusted_proxies);
            request.extensions_mut().insert(peer);
        }
        request.extensions_mut().insert(transports[at].0.clone());
        Ok(at)
    }
}

impl<B> Service<Request<B>> for HttpService
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        match self.route(&mut request) {
            Ok(at) => {
                let service = self.clone();
                Box::pin(async move {
                    let Shared { endpoint, routes } = &*service.0;
                    let (_, transport) = &routes.transports[at];
                    Ok(transport.handle(request, endpoint).await)
                })
            }
            Err(reject) => Box::pin(ready(Ok(reject.into_response()))),
        }
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}

/// Builds an [`HttpService`].
#[must_use]
pub struct HttpServiceBuilder {
    endpoint: Endpoint,
    transports: Vec<(String, Box<dyn HttpTransport>)>,
    origins: Origins,
    trusted_proxies: Vec<IpAddr>,
}

impl HttpServiceBuilder {
    /// Puts a transport at a path, for example `/ws`; `/` is every path. Of several that own a
    /// path, the one added first gets the request. In a service that is nested in a router,
    /// paths begin where the router's end.
    pub fn at(mut self, path: impl Into<String>, transport: impl HttpTransport) -> Self {
        self.transports.push((path.into(), Box::new(transport)));
        self
    }

    /// Sets which web pages may connect. Default: [`Origins::same_host`].
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Sets the proxies whose `X-Forwarded-For` is believed. Default: none.
    pub fn trusted_proxies(mut self, proxies: impl IntoIterator<Item = IpAddr>) -> Self {
        self.trusted_proxies = proxies.into_iter().map(|proxy| proxy.to_canonical()).collect();
        self
    }

    /// Checks the options and makes the service.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if an option, a transport's
    /// included, cannot work.
    pub fn build(self) -> Result<HttpService, Error> {
        let Self { endpoint, transports, origins, trusted_proxies } = self;
        if transports.is_empty() {
            let remedy = "add a transport, for example `.at(\"/ws\", WebSocket::new())`";
            return Err(Error::config("at", remedy));
        }
        for (path, transport) in &transports {
            if !path.starts_with('/') || path.contains(['?', '#']) {
                let remedy = format!("`{path}` is no path; it must begin with a slash");
                return Err(Error::config("at", remedy));
            }
            transport.check()?;
        }
        origins.check()?;
        let transports = transports
            .into_iter()
            .map(|(path, transport)| (MountPath::new(&path), transport))
            .collect();
        let routes = Arc::new(Routes { transports, origins, trusted_proxies });
        Ok(HttpService::share(endpoint, routes))
    }
}

impl fmt::Debug for HttpServiceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths: Vec<_> = self.transports.iter().map(|(path, _)| path).collect();
        f.debug_struct("HttpServiceBuilder").field("paths", &paths).finish_non_exhaustive()
    }
}

const WRONG_ORIGIN: &str = "pages from this origin may not connect; see the service's `origins`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_at_a_boundary() {
        for (prefix, path, expected) in [
            ("/ws", "/ws", Some("")),
            ("/ws", "/ws/", Some("/")),
            ("/ws", "/ws/room", Some("/room")),
            ("/ws/", "/ws", Some("")),
            ("/ws", "/wsx", None),
            ("/ws", "/", None),
            ("/", "/", Some("/")),
            ("/", "/anything", Some("/anything")),
        ] {
            assert_eq!(MountPath::new(prefix).below(path), expected, "{path} below {prefix}");
        }
    }
}
