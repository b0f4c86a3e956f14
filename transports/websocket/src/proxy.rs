//! Connecting through an HTTP proxy (RFC 9110, section 9.3.6).

use std::fmt;

use bytes::Bytes;
use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use plimsoll::{Error, ErrorKind};
use tokio::net::TcpStream;

use crate::http1;

/// An HTTP proxy that tunnels connections by CONNECT.
///
/// ```
/// use plimsoll_websocket::{Proxy, WebSocket};
///
/// # fn main() -> Result<(), plimsoll::Error> {
/// let proxy = Proxy::new("proxy.example:3128")?
///     .header("proxy-authorization".parse().unwrap(), "Basic YTpi".parse().unwrap());
/// let connector = WebSocket::connector().proxy(proxy);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Proxy {
    authority: Authority,
    headers: HeaderMap,
}

impl Proxy {
    /// Names a proxy by its host and port.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] if `address` is not `host:port`.
    pub fn new(address: &str) -> Result<Self, Error> {
        let authority: Option<Authority> = address.parse().ok();
        let authority = authority.filter(|it| it.port().is_some() && !it.as_str().contains('@'));
        match authority {
            Some(authority) => Ok(Self { authority, headers: HeaderMap::new() }),
            None => Err(Error::config("proxy", "must be `host:port`; credentials go in a header")),
        }
    }

    /// Adds a header for the proxy, such as `Proxy-Authorization`. The server does not see it.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Opens a tunnel. A refusal by the proxy is an error with its answer.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Error> {
        let proxy = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        let proxy = (proxy, self.authority.port_u16().unwrap_or(80));
        let stream = TcpStream::connect(proxy).await?;
        stream.set_nodelay(true)?;
        let target = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let bad_target = |_| Error::config("url", "the host cannot be asked of a proxy");
        let mut request = Request::new(());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() =
            Uri::from_maybe_shared(Bytes::from(target.clone())).map_err(bad_target)?;
        *request.headers_mut() = self.headers.clone();
        let host = HeaderValue::from_str(&target)
            .map_err(|_| Error::config("url", "the host cannot be asked of a proxy"))?;
        request.headers_mut().insert(HOST, host);
        let (_, stream, read) = http1::switch(stream, request, StatusCode::OK).await?;
        if !read.is_empty() {
            let message = "the proxy sent bytes of its own into the tunnel";
            return Err(Error::with_message(ErrorKind::Protocol, message));
        }
        Ok(stream)
    }
}

impl fmt::Debug for Proxy {
    /// Leaves out the headers, where credentials are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("authority", &self.authority).finish_non_exhaustive()
    }
}
