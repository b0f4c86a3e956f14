//! What a server is made of: a service and its limits.

use std::fmt;
use std::time::Duration;

use http::{Request, Response};
use plimsoll::{Body, BoxError, Error};
use tokio::net::{TcpListener, ToSocketAddrs};
use tower_service::Service;

use crate::accept::BoundServer;
use crate::options::Options;
#[cfg(feature = "tls")]
use crate::tls::Tls;

/// An HTTP server for a tower service, over HTTP/1.1 and HTTP/2.
///
/// The service finds the peer's address as a [`PeerAddr`](plimsoll::PeerAddr) in the extensions
/// of each request.
#[derive(Clone)]
#[must_use = "a server does nothing until it is bound and served"]
pub struct Server<S> {
    pub(crate) service: S,
    pub(crate) options: Options,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

impl<S> Server<S> {
    /// Makes a server with the default limits.
    pub fn new(service: S) -> Self {
        Self {
            service,
            options: Options::default(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sets how long a client may take to send the headers of a request, and how long a
    /// connection over HTTP/1.1 may be idle between requests; at most a day. Default: 10 s.
    /// Over HTTP/1.1 a client has more, as long as it takes to read the last answer at 8 KiB in a
    /// second.
    ///
    /// A client over HTTP/2 has to make its first request within this time. Then it is sent a
    /// ping each time that this time has passed, and is sent away if it leaves one unanswered for
    /// as long.
    pub fn header_timeout(mut self, limit: Duration) -> Self {
        self.options.header_timeout = limit;
        self
    }

    /// Sets how large the headers of a request may be in all, in bytes: from 8 KiB to 1 MiB.
    /// Default: 8 KiB. A request with more is answered with status 431.
    pub fn max_header_bytes(mut self, limit: usize) -> Self {
        self.options.max_header_bytes = limit;
        self
    }

    /// Sets how many headers a request over HTTP/1.1 may have. Default: 64. A request with more
    /// is answered with status 431. Over HTTP/2 only their size is limited, to which each header
    /// counts with 32 bytes more than its name and value (RFC 9113, section 6.5.2).
    pub fn max_headers(mut self, limit: usize) -> Self {
        self.options.max_headers = limit;
        self
    }

    /// Sets how many connections may speak HTTP at a time. Default: 100,000.
    ///
    /// Those beyond it wait in the queue of the operating system. A connection that was
    /// upgraded does not count any more.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.options.max_connections = limit;
        self
    }

    /// Sets whether a connection over HTTP/1.1 may carry more than one request. Default: yes.
    pub fn keep_alive(mut self, enabled: bool) -> Self {
        self.options.keep_alive = enabled;
        self
    }

    /// Sets whether HTTP/2 is spoken, extended CONNECT (RFC 8441) included. Default: yes.
    ///
    /// Without TLS a client has to know that it is: browsers speak HTTP/2 over TLS only.
    pub fn http2(mut self, enabled: bool) -> Self {
        self.options.http2 = enabled;
        self
    }

    /// Sets how many streams an HTTP/2 connection may have open at a time. Default: 200.
    ///
    /// Each WebSocket over HTTP/2 is a stream.
    pub fn max_streams(mut self, limit: u32) -> Self {
        self.options.max_streams = limit;
        self
    }

    /// Sets how many streams that the client opened and reset may wait to be handled before its
    /// connection is closed. Default: 20.
    pub fn max_pending_resets(mut self, limit: usize) -> Self {
        self.options.max_pending_resets = limit;
        self
    }

    /// Sets how many stream errors a client may cause before its connection is closed.
    /// Default: 1,024.
    pub fn max_local_resets(mut self, limit: usize) -> Self {
        self.options.max_local_resets = limit;
        self
    }

    /// Speaks TLS, and nothing else.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets how long a TLS handshake may take, at most a day. Default: 10 s.
    #[cfg(feature = "tls")]
    pub fn tls_timeout(mut self, limit: Duration) -> Self {
        self.options.tls_timeout = limit;
        self
    }
}

impl<S, B> Server<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    /// Binds to an address, for example `"127.0.0.1:8080"`; with port 0 to a free port. Cancel
    /// safe.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if an option cannot work,
    /// and with [`ErrorKind::Io`](plimsoll::ErrorKind::Io) if the address cannot be used.
    pub async fn bind(self, address: impl ToSocketAddrs) -> Result<BoundServer<S>, Error> {
        self.options.check()?;
        self.listen(TcpListener::bind(address).await?)
    }

    /// Takes connections from a listener that is bound already.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if an option cannot work,
    /// and with [`ErrorKind::Io`](plimsoll::ErrorKind::Io) if the listener has no address.
    pub fn listen(self, listener: TcpListener) -> Result<BoundServer<S>, Error> {
        self.options.check()?;
        BoundServer::new(self, listener)
    }

    /// Takes connections from a listener that is bound already, until the future is dropped:
    /// [`listen`](Self::listen) and [`BoundServer::serve`] in one.
    ///
    /// # Errors
    ///
    /// As for [`listen`](Self::listen).
    pub async fn serve(self, listener: TcpListener) -> Result<(), Error> {
        self.listen(listener)?.serve().await
    }
}

impl<S> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("options", &self.options).finish_non_exhaustive()
    }
}
