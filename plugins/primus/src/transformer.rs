//! The transports of Primus.

use http::Request;
use plimsoll::{Body, HttpTransport};
use plimsoll_engineio::EngineIo;
use plimsoll_sockjs::SockJs;
use plimsoll_websocket::WebSocket;

/// A transport that Primus clients know, where it is called a transformer.
///
/// Several share one path: each takes the requests that are its own.
pub trait Transformer: HttpTransport {
    /// The name that `/spec` tells.
    fn name(&self) -> &'static str;

    /// Whether a request is this transport's. `below` is its path below that of
    /// [`Primus`](crate::Primus): empty, or beginning with a slash.
    fn takes(&self, request: &Request<Body>, below: &str) -> bool;

    /// Whether binary messages arrive. Default: yes.
    fn carries_binary(&self) -> bool {
        true
    }
}

/// Takes what asks for the path itself, and is not for Engine.IO.
impl Transformer for WebSocket {
    fn name(&self) -> &'static str {
        "websockets"
    }

    fn takes(&self, request: &Request<Body>, below: &str) -> bool {
        is_root(below) && !is_engine_io(request)
    }
}

/// Takes what has the parameter `EIO` in its query.
impl Transformer for EngineIo {
    fn name(&self) -> &'static str {
        "engine.io"
    }

    fn takes(&self, request: &Request<Body>, below: &str) -> bool {
        is_root(below) && is_engine_io(request)
    }
}

/// Takes what asks for a path below.
impl Transformer for SockJs {
    fn name(&self) -> &'static str {
        "sockjs"
    }

    fn takes(&self, _: &Request<Body>, below: &str) -> bool {
        !is_root(below)
    }

    fn carries_binary(&self) -> bool {
        false
    }
}

fn is_root(below: &str) -> bool {
    matches!(below, "" | "/")
}

fn is_engine_io(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|parameter| parameter.starts_with("EIO="))
}
