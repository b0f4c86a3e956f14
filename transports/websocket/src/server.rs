//! WebSockets in an HTTP server.

use async_trait::async_trait;
use http::request::Parts;
use http::{Request, Response};
use plimsoll::{Body, Endpoint, Error, HttpTransport, Reject};

use crate::client::WebSocketConnector;
use crate::duplex::CAPABILITIES;
use crate::upgrade::{Upgrade, handshake};
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

    /// Checks whether a request is one for a WebSocket, for a transport that answers it itself.
    ///
    /// The body of the request has to be dropped: it holds on to the HTTP server's side of the
    /// connection.
    ///
    /// # Errors
    ///
    /// Gives the answer to a request that is no valid handshake, or that came through a server
    /// without upgrades.
    pub fn upgrade(&self, request: &mut Parts) -> Result<Upgrade, Reject> {
        Upgrade::check(request, self.options)
    }
}

#[async_trait]
impl HttpTransport for WebSocket {
    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    async fn handle(&self, request: Request<Body>, endpoint: &Endpoint) -> Response<Body> {
        let (mut parts, _) = request.into_parts();
        let upgrade = match self.upgrade(&mut parts) {
            Ok(upgrade) => upgrade,
            Err(reject) => return reject.into_response(),
        };
        let handshake = handshake(NAME, CAPABILITIES, &mut parts);
        drop(parts);
        let admission = match endpoint.admit(handshake).await {
            Ok(admission) => admission,
            Err(reject) => return reject.into_response(),
        };
        let headers = admission.response_headers().clone();
        let (response, opening) = upgrade.accept(headers, admission.info().protocol());
        admission.spawn(opening);
        response
    }
}
