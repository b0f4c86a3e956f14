//! WebSockets to a server.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Request, Uri, Version};
use plimsoll::{BoxDuplex, Connected, Connector, Dial, Error, ErrorKind, Info, PeerAddr};
#[cfg(feature = "tls")]
use plimsoll_http::client::ClientTls;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tungstenite::protocol::Role;

use crate::duplex::{CAPABILITIES, Connection};
use crate::proxy::Proxy;
use crate::{NAME, Options, handshake, http1, http2};

/// Makes WebSockets: `ws:`, and `wss:` with the feature `tls`.
///
/// A refusal is an error with a [`Reject`](plimsoll::Reject) that holds the status, the headers
/// and at most 8 KiB of the body of the server's answer. Redirects are not followed: they are
/// refusals, whose `Location` the application may look at.
#[derive(Clone, Debug, Default)]
pub struct WebSocketConnector {
    options: Options,
    http2: bool,
    proxy: Option<Proxy>,
    #[cfg(feature = "tls")]
    tls: ClientTls,
}

impl WebSocketConnector {
    /// Sets the limits.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets whether to use HTTP/2 (RFC 8441). Default: no, HTTP/1.1.
    ///
    /// The server must speak it: there is no way back to HTTP/1.1. Each WebSocket has a
    /// connection of its own.
    #[must_use]
    pub fn http2(mut self, enabled: bool) -> Self {
        self.http2 = enabled;
        self
    }

    /// Connects through an HTTP proxy, by CONNECT. Default: no proxy.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets whom to trust, for `wss:`. Default: the roots that Mozilla trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = tls;
        self
    }

    /// Does the handshake on a stream to the server.
    async fn open<S>(&self, stream: S, target: Target, dial: Dial) -> Result<Opened, Error>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Dial { mut headers, protocols, .. } = dial;
        handshake::offer(&mut headers, &protocols)?;
        let (head, io): (_, BoxDuplex) = if self.http2 {
            let request = target.request(Version::HTTP_2, headers)?;
            let (head, stream) = http2::connect(stream, request).await?;
            (head, Box::new(Connection::new(stream, Bytes::new(), Role::Client, self.options)))
        } else {
            let request = target.request(Version::HTTP_11, headers)?;
            let (head, stream, read) = http1::upgrade(stream, request).await?;
            (head, Box::new(Connection::new(stream, read, Role::Client, self.options)))
        };
        let protocol = handshake::chosen(&head.headers, &protocols)?;
        Ok(Opened { io, protocol, headers: handshake::keep(&head.headers) })
    }
}

struct Opened {
    io: BoxDuplex,
    protocol: Option<String>,
    headers: HeaderMap,
}

#[async_trait]
impl Connector for WebSocketConnector {
    fn schemes(&self) -> &[&'static str] {
        if cfg!(feature = "tls") { &["ws", "wss"] } else { &["ws"] }
    }

    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let target = Target::parse(dial.url())?;
        let uri = target.uri.clone();
        let stream = match &self.proxy {
            Some(proxy) => proxy.connect(target.host(), target.port()).await?,
            None => TcpStream::connect((target.host(), target.port())).await?,
        };
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr().ok().map(PeerAddr::Ip);
        let opened = if target.secure {
            #[cfg(feature = "tls")]
            {
                let stream = self.tls.secure(target.host(), stream, self.http2).await?;
                self.open(stream, target, dial).await?
            }
            #[cfg(not(feature = "tls"))]
            return Err(bad_url("`wss:` needs the feature `tls`"));
        } else {
            self.open(stream, target, dial).await?
        };
        let info = Info::new(NAME, CAPABILITIES, uri)
            .with_protocol(opened.protocol)
            .with_headers(opened.headers)
            .with_peer(peer);
        Ok(Connected { io: opened.io, info })
    }
}

/// Where a URL leads.
#[derive(Debug)]
struct Target {
    uri: Uri,
    authority: Authority,
    secure: bool,
}

impl Target {
    fn parse(url: &str) -> Result<Self, Error> {
        // A fragment is not a part of what is asked for (RFC 6455, section 3).
        let url = url.split('#').next().unwrap_or_default();
        let uri: Uri = url.parse().map_err(|error| Error::with_source(ErrorKind::Config, error))?;
        let authority = uri.authority().cloned().ok_or_else(|| bad_url("there is no host"))?;
        if authority.host().is_empty() {
            return Err(bad_url("there is no host"));
        }
        if authority.as_str().contains('@') {
            return Err(bad_url("credentials in it are not sent; use a header"));
        }
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !port.is_empty() && authority.port().is_none() {
            return Err(bad_url("the port must be from 0 to 65,535"));
        }
        let secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(bad_url("the scheme must be `ws` or `wss`")),
        };
        Ok(Self { uri, authority, secure })
    }

    /// The host's name or address, the latter without brackets.
    fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.secure { 443 } else { 80 })
    }

    fn request(&self, version: Version, headers: HeaderMap) -> Result<Request<()>, Error> {
        let mut request = Request::new(());
        *request.version_mut() = version;
        *request.headers_mut() = headers;
        let path = self.uri.path_and_query().cloned();
        let path = path.unwrap_or(PathAndQuery::from_static("/"));
        if version == Version::HTTP_2 {
            let mut parts = http::uri::Parts::default();
            parts.scheme = Some(if self.secure { Scheme::HTTPS } else { Scheme::HTTP });
            parts.authority = Some(self.authority.clone());
            parts.path_and_query = Some(path);
            *request.uri_mut() = Uri::from_parts(parts)
                .map_err(|error| Error::with_source(ErrorKind::Config, error))?;
        } else {
            *request.uri_mut() = Uri::from(path);
            let host = HeaderValue::from_maybe_shared(Bytes::from(self.authority.to_string()))
                .map_err(|error| Error::with_source(ErrorKind::Config, error))?;
            request.headers_mut().entry(HOST).or_insert(host);
        }
        Ok(request)
    }
}

fn bad_url(remedy: &'static str) -> Error {
    Error::config("url", remedy)
}
