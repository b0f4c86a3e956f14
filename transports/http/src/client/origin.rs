//! Where a server is, and how to reach it.

use http::Uri;
use http::uri::Authority;
use plimsoll::{Error, PeerAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

#[cfg(feature = "tls")]
use super::tls::ClientTls;

/// Where a server is, and how to reach it: the scheme, the host and the port of a URL.
#[derive(Clone, Debug)]
pub struct Origin {
    authority: Authority,
    secure: bool,
    #[cfg(feature = "tls")]
    tls: ClientTls,
}

impl Origin {
    /// The origin of a URL. Whether it is `secure`, which is to be reached by TLS, is for the caller
    /// to tell from its scheme. Without a port, it is 443 if it is, and 80 if not.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if the URL has no host, has a
    /// port beyond 65,535 or credentials, or if it is secure and the feature `tls` is off.
    pub fn new(url: &Uri, secure: bool) -> Result<Self, Error> {
        let authority = url.authority().cloned().ok_or_else(|| bad_url("there is no host"))?;
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
        if secure && cfg!(not(feature = "tls")) {
            return Err(bad_url("TLS needs the feature `tls`"));
        }
        Ok(Self {
            authority,
            secure,
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
        })
    }

    /// Sets whom to trust. Default: the roots that Mozilla trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = tls;
        self
    }

    /// The host and the port, as they are in the URL.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Whether it is reached by TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) async fn connect(&self) -> Result<(Box<dyn Stream>, Option<PeerAddr>), Error> {
        let stream = TcpStream::connect((self.host(), self.port())).await?;
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr().ok().map(PeerAddr::Ip);
        #[cfg(feature = "tls")]
        if self.secure {
            let stream = self.tls.secure(self.host(), stream, false).await?;
            return Ok((Box::new(stream), peer));
        }
        Ok((Box::new(stream), peer))
    }

    /// The host's name or address, the latter without brackets.
    fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.secure { 443 } else { 80 })
    }
}

/// What HTTP runs on.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

fn bad_url(remedy: &'static str) -> Error {
    Error::config("url", remedy)
}

#[cfg(test)]
mod tests {
    use plimsoll::ErrorKind;

    use super::*;

    fn origin(url: &str, secure: bool) -> Result<Origin, Error> {
        Origin::new(&url.parse().unwrap(), secure)
    }

    #[test]
    fn an_origin_has_a_host_and_a_port() {
        for (url, host, port) in [
            ("http://a", "a", 80),
            ("http://a:8080/b?c", "a", 8080),
            ("engineio+http://[::1]:1/", "::1", 1),
            ("http://[::1]", "::1", 80),
        ] {
            let origin = origin(url, false).unwrap();
            assert_eq!((origin.host(), origin.port()), (host, port), "{url}");
        }
    }

    #[test]
    #[cfg(feature = "tls")]
    fn the_port_of_a_secure_origin_is_443() {
        assert_eq!(origin("https://a", true).unwrap().port(), 443);
    }

    #[test]
    fn a_url_that_leads_nowhere_is_refused() {
        for url in ["/a", "http://:80", "http://user:secret@a", "http://a:99999"] {
            assert_eq!(origin(url, false).unwrap_err().kind(), ErrorKind::Config, "{url}");
        }
    }
}
