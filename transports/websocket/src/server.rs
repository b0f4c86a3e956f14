//! WebSockets in an HTTP server.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Extensions, Request, Response, StatusCode};
use hyper::ext::Protocol;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use plimsoll::{
    Admission, Body, BoxDuplex, Endpoint, Error, Handshake, HttpTransport, PeerAddr, Reject,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tungstenite::protocol::Role;

use crate::client::WebSocketConnector;
use crate::duplex::{CAPABILITIES, Connection};
use crate::handshake::{self, Accept};
use crate::{NAME, Options};

/// Takes WebSockets in an HTTP server: by an upgrade of HTTP/1.1, and by an extended CONNECT of
/// HTTP/2 (RFC 8441).
///
/// Goes into an [`HttpService`](plimsoll::HttpService). The HTTP server must serve connections
/// with upgrades and, for HTTP/2, have the protocol of extended CONNECT enabled, as
/// `plimsoll-http` and `axum::serve` do.
#[derive(Clone, Debug, Default)]
pub struct WebSocket {
    options: Options,
}

impl WebSocket {
    /// Makes the transport with the default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the client side, with the default limits.
    pub fn connector() -> WebSocketConnector {
        WebSocketConnector::default()
    }

    /// Sets the limits.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Answers a valid handshake that was let in.
    fn start(&self, accept: Accept, upgrade: OnUpgrade, admission: Admission) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.clone_from(admission.response_headers());
        let status = accept.answer(headers, admission.info().protocol());
        *response.status_mut() = status;
        let options = self.options;
        admission.spawn(async move { Some(open(upgrade.await.ok()?, options)) });
        response
    }
}

#[async_trait]
impl HttpTransport for WebSocket {
    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    async fn handle(&self, request: Request<Body>, endpoint: &Endpoint) -> Response<Body> {
        // The body goes first: it holds on to hyper's side of the connection.
        let (mut parts, _) = request.into_parts();
        let protocol = parts.extensions.remove::<Protocol>();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let protocol = protocol.as_ref().map(Protocol::as_str);
        let checked = Accept::check(&parts.method, parts.version, protocol, &parts.headers);
        let (accept, upgrade) = match (checked, upgrade) {
            (Ok(accept), Some(upgrade)) => (accept, upgrade),
            (Ok(_), None) => return cannot_upgrade().into_response(),
            (Err(reject), _) => return reject.into_response(),
        };
        let peer = parts.extensions.remove::<PeerAddr>();
        let handshake = Handshake::new(NAME, CAPABILITIES, handshake::keep_uri(&parts.uri))
            .with_headers(handshake::keep(&parts.headers))
            .with_offered_protocols(handshake::offered(&parts.headers))
            .with_peer(peer)
            .with_extensions(some_extensions(parts.extensions));
        drop((parts.headers, parts.uri));
        match endpoint.admit(handshake).await {
            Ok(admission) => self.start(accept, upgrade, admission),
            Err(reject) => reject.into_response(),
        }
    }
}

/// Speaks WebSocket on what hyper hands over: on the TCP stream itself where that is it, since
/// every layer less is paid for with each message.
fn open(upgraded: Upgraded, options: Options) -> BoxDuplex {
    let upgraded = match downcast::<TcpStream>(upgraded) {
        Ok((stream, read)) => {
            // Not every server has done it. Where it cannot be set, messages go out later.
            let _ = stream.set_nodelay(true);
            return Box::new(Connection::new(stream, read, Role::Server, options));
        }
        Err(upgraded) => upgraded,
    };
    #[cfg(feature = "tls")]
    let upgraded = match downcast::<tokio_rustls::server::TlsStream<TcpStream>>(upgraded) {
        Ok((stream, read)) => {
            let _ = stream.get_ref().0.set_nodelay(true);
            return Box::new(Connection::new(stream, read, Role::Server, options));
        }
        Err(upgraded) => upgraded,
    };
    Box::new(Connection::new(TokioIo::new(upgraded), Bytes::new(), Role::Server, options))
}

/// Takes a stream of a known type out of hyper's box, and what was read from it.
fn downcast<S>(upgraded: Upgraded) -> Result<(S, Bytes), Upgraded>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (io, read) = match auto::upgrade::downcast::<TokioIo<S>>(upgraded) {
        Ok(parts) => (parts.io, parts.read_buf),
        Err(upgraded) => {
            let parts = upgraded.downcast::<TokioIo<S>>()?;
            (parts.io, parts.read_buf)
        }
    };
    Ok((io.into_inner(), read))
}

/// An empty map that was not empty before keeps its memory.
fn some_extensions(extensions: Extensions) -> Extensions {
    if extensions.is_empty() { Extensions::new() } else { extensions }
}

fn cannot_upgrade() -> Reject {
    let reason = "the HTTP server does not serve connections with upgrades";
    Reject::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
}
