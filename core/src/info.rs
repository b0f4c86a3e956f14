//! What is known of an established connection.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{Extensions, HeaderMap, Uri};

/// What is known of an established connection.
///
/// Transports and plugins fill it; applications read it by [`Socket::info`](crate::Socket::info).
#[derive(Clone)]
pub struct Info {
    pub(crate) id: ConnectionId,
    pub(crate) transport: &'static str,
    pub(crate) capabilities: Capabilities,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: Option<PeerAddr>,
    pub(crate) protocol: Option<String>,
    pub(crate) extensions: Extensions,
}

impl Info {
    /// Makes the info of a connection to `uri` over `transport`.
    pub fn new(transport: &'static str, capabilities: Capabilities, uri: Uri) -> Self {
        Self {
            id: ConnectionId::next(),
            transport,
            capabilities,
            uri,
            headers: HeaderMap::new(),
            peer: None,
            protocol: None,
            extensions: Extensions::new(),
        }
    }

    /// Sets the subprotocol that was chosen.
    #[must_use]
    pub fn with_protocol(mut self, protocol: Option<String>) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sets the headers of the other side's handshake.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the peer's address.
    #[must_use]
    pub fn with_peer(mut self, peer: Option<PeerAddr>) -> Self {
        self.peer = peer;
        self
    }

    /// The connection's number, unique in this process.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// The transport's name, for example `"websocket"`.
    pub fn transport(&self) -> &'static str {
        self.transport
    }

    /// What the transport can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Sets how a dead peer is noticed, for plugins above that adapt to it: for a plugin that
    /// sees to it from beneath them.
    pub fn set_liveness(&mut self, liveness: Liveness) {
        self.capabilities.liveness = liveness;
    }

    /// Where the client connected to. May be only a path and a query.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The value of a query parameter, with percent-encoding and `+` decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        crate::query::find(self.uri.query()?, name)
    }

    /// The headers of the other side's handshake: on a server the request's, on a client the
    /// response's. Those that only serve the handshake itself, such as `Sec-WebSocket-Key`, may
    /// be left out.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The peer's address, if the transport knows it.
    pub fn peer(&self) -> Option<&PeerAddr> {
        self.peer.as_ref()
    }

    /// The subprotocol that was chosen in the handshake.
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// Stores a value for the application, one of each type.
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.extensions.insert(value);
    }

    /// A value that a plugin or HTTP middleware stored.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions.get()
    }
}

impl fmt::Debug for Info {
    /// Leaves out the query and the headers, where credentials are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Info")
            .field("id", &self.id)
            .field("transport", &self.transport)
            .field("path", &self.uri.path())
            .field("peer", &self.peer)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// Where a peer is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PeerAddr {
    /// An Internet address.
    Ip(SocketAddr),
    /// A transport's own kind of address, for people to read.
    Other(String),
}

impl PeerAddr {
    /// The Internet address without the port.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(address.ip()),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Other(address) => address.fmt(f),
        }
    }
}

/// What a transport can do, for plugins that adapt to it.
///
/// ```
/// use plimsoll::{Capabilities, Liveness};
///
/// let text_only = Capabilities::FULL.with_binary(false).with_liveness(Liveness::None);
/// assert!(!text_only.binary);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Binary messages arrive as such. Where this is false, sending one fails.
    pub binary: bool,
    /// Close codes and reasons reach the peer.
    pub close_reason: bool,
    /// How a dead peer is noticed.
    pub liveness: Liveness,
    /// The transport answers pings itself; those that it hands up are only signs of life.
    pub answers_pings: bool,
}

impl Capabilities {
    /// A transport that carries everything and leaves the answering of pings to the core.
    pub const FULL: Self = Self {
        binary: true,
        close_reason: true,
        liveness: Liveness::PingPong,
        answers_pings: false,
    };

    /// Sets whether binary messages arrive as such.
    #[must_use]
    pub const fn with_binary(mut self, binary: bool) -> Self {
        self.binary = binary;
        self
    }

    /// Sets whether close codes and reasons reach the peer.
    #[must_use]
    pub const fn with_close_reason(mut self, close_reason: bool) -> Self {
        self.close_reason = close_reason;
        self
    }

    /// Sets how a dead peer is noticed.
    #[must_use]
    pub const fn with_liveness(mut self, liveness: Liveness) -> Self {
        self.liveness = liveness;
        self
    }

    /// Sets whether the transport answers pings itself.
    #[must_use]
    pub const fn with_answers_pings(mut self, answers_pings: bool) -> Self {
        self.answers_pings = answers_pings;
        self
    }
}

/// How a dead peer is noticed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Liveness {
    /// The transport's own protocol sees to it, as in Engine.IO.
    Builtin,
    /// There is nothing: a plugin has to send messages of its own.
    None,
    /// A [`Frame::Ping`](crate::Frame::Ping) is answered by the peer's side of the transport.
    PingPong,
}

/// A connection's number, unique in this process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId(pub(crate) u64);

impl ConnectionId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ConnectionId {
    type Err = ParseIntError;

    /// Takes what [`Display`](fmt::Display) writes, for requests that name a connection. There
    /// need not be one with that number.
    fn from_str(number: &str) -> Result<Self, ParseIntError> {
        number.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_connection_is_read_as_it_is_shown() {
        let id = ConnectionId::next();
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "-1", "1.0", "ann", "18446744073709551616"] {
            assert!(text.parse::<ConnectionId>().is_err(), "{text}");
        }
    }
}
