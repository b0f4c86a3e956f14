//! A connection that asks to be let in.

use std::fmt;

use http::header::{
    AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL,
};
use http::{Extensions, HeaderMap, Uri};

use crate::{Capabilities, Info, PeerAddr};

/// A connection that asks to be let in.
///
/// A transport fills it from what it has: an HTTP request, a hello frame, or only an address.
/// Plugins read it, may store values for the application in its
/// [extensions](Self::extensions_mut), and let the connection in or
/// [`Reject`](crate::Reject) it.
pub struct Handshake {
    info: Info,
    offered: Vec<String>,
    response_headers: HeaderMap,
}

impl Handshake {
    /// Makes a handshake for a connection to `uri` over `transport`.
    pub fn new(transport: &'static str, capabilities: Capabilities, uri: Uri) -> Self {
        Self {
            info: Info::new(transport, capabilities, uri),
            offered: Vec::new(),
            response_headers: HeaderMap::new(),
        }
    }

    /// Sets the request's headers. Those with credentials become
    /// [sensitive](http::HeaderValue::is_sensitive): they do not show in debug output.
    #[must_use]
    pub fn with_headers(mut self, mut headers: HeaderMap) -> Self {
        for (name, value) in &mut headers {
            if SENSITIVE.contains(name) {
                value.set_sensitive(true);
            }
        }
        self.info.headers = headers;
        self
    }

    /// Sets the peer's address.
    #[must_use]
    pub fn with_peer(mut self, peer: Option<PeerAddr>) -> Self {
        self.info.peer = peer;
        self
    }

    /// Sets the subprotocols that the peer offers, most wanted first.
    #[must_use]
    pub fn with_offered_protocols(mut self, offered: Vec<String>) -> Self {
        self.offered = offered;
        self
    }

    /// Sets values that come from outside, for example from HTTP middleware.
    #[must_use]
    pub fn with_extensions(mut self, extensions: Extensions) -> Self {
        self.info.extensions = extensions;
        self
    }

    /// Chooses a subprotocol. The first choice counts: later calls change nothing.
    ///
    /// Only one that the peer [offered](Self::offered_protocols) may be chosen; others are
    /// ignored.
    pub fn select_protocol(&mut self, protocol: &str) {
        if self.info.protocol.is_none() && self.offered.iter().any(|offer| offer == protocol) {
            self.info.protocol = Some(protocol.to_owned());
        }
    }

    /// Values for the application, kept in the connection's [`Info`].
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.info.extensions
    }

    /// Headers for the response.
    pub fn response_headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.response_headers
    }

    /// What is known so far.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The subprotocols that the peer offers, most wanted first.
    pub fn offered_protocols(&self) -> &[String] {
        &self.offered
    }

    /// The same, for a plugin that takes out what is no subprotocol, such as a token.
    pub fn offered_protocols_mut(&mut self) -> &mut Vec<String> {
        &mut self.offered
    }

    pub(crate) fn into_parts(self) -> (Info, HeaderMap) {
        (self.info, self.response_headers)
    }
}

impl fmt::Debug for Handshake {
    /// Leaves out the offered subprotocols and the headers, where credentials may be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("info", &self.info).finish_non_exhaustive()
    }
}

const SENSITIVE: [HeaderName; 4] =
    [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_in_debug_output() {
        let uri = Uri::from_static("ws://user:secret@host/path?token=secret");
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer secret".parse().unwrap());
        let mut handshake = Handshake::new("test", Capabilities::FULL, uri)
            .with_headers(headers.clone())
            .with_offered_protocols(vec!["token.secret".to_owned()]);
        *handshake.response_headers_mut() = headers;
        for shown in [format!("{handshake:?}"), format!("{:?}", handshake.info())] {
            assert!(shown.contains("/path") && !shown.contains("secret"), "{shown}");
        }
        assert!(!format!("{:?}", handshake.info().headers()).contains("secret"));
    }
}
