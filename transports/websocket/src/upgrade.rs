//! The server's side of a handshake, for this transport and for those that are built on it.

use std::fmt;
use std::future::Future;

use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, HeaderMap, Response, StatusCode};
use hyper::ext::Protocol;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use plimsoll::{Body, BoxDuplex, Capabilities, Handshake, MountPath, PeerAddr, Reject};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tungstenite::protocol::Role;

use crate::Options;
use crate::duplex::Connection;
use crate::handshake::{self, Accept};

/// A valid request for a WebSocket, before it is answered: for transports that carry a protocol
/// of their own over WebSockets. [`WebSocket::upgrade`](crate::WebSocket::upgrade) makes it.
pub struct Upgrade {
    accept: Accept,
    upgrade: OnUpgrade,
    options: Options,
}

impl Upgrade {
    /// Takes what the upgrade needs out of a request.
    pub(crate) fn check(parts: &mut Parts, options: Options) -> Result<Self, Reject> {
        let protocol = parts.extensions.remove::<Protocol>();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let protocol = protocol.as_ref().map(Protocol::as_str);
        let accept = Accept::check(&parts.method, parts.version, protocol, &parts.headers)?;
        let upgrade = upgrade.ok_or_else(cannot_upgrade)?;
        Ok(Self { accept, upgrade, options })
    }

    /// Makes the answer with `headers`, and what becomes the WebSocket once the answer is sent:
    /// `None` if the client was gone by then. Dropping the latter ends the connection.
    ///
    /// `protocol` is the subprotocol, if one of those that the client offered was chosen.
    pub fn accept(
        self,
        headers: HeaderMap,
        protocol: Option<&str>,
    ) -> (Response<Body>, impl Future<Output = Option<BoxDuplex>> + Send + use<>) {
        let Self { accept, upgrade, options } = self;
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = headers;
        let status = accept.answer(response.headers_mut(), protocol);
        *response.status_mut() = status;
        (response, async move { Some(open(upgrade.await.ok()?, options)) })
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}

/// Makes a [`Handshake`] of a request over the transport called `name`.
///
/// Takes the request's extensions, and copies the rest, less what serves the opening of the
/// WebSocket only: what an HTTP server hands over is a part of its read buffer, which would
/// otherwise stay for as long as the connection does.
pub fn handshake(name: &'static str, capabilities: Capabilities, parts: &mut Parts) -> Handshake {
    let peer = parts.extensions.remove::<PeerAddr>();
    parts.extensions.remove::<MountPath>();
    Handshake::new(name, capabilities, handshake::keep_uri(&parts.uri))
        .with_headers(handshake::keep(&parts.headers))
        .with_offered_protocols(handshake::offered(&parts.headers))
        .with_peer(peer)
        .with_extensions(some_extensions(std::mem::take(&mut parts.extensions)))
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
