//! Which web pages may connect: a defence against cross-site WebSocket hijacking.

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{Method, Request, Uri};

use crate::Error;

/// Which web pages may connect, by the `Origin` that their browser tells (RFC 6454).
///
/// The default is [`same_host`](Self::same_host). Clients that are no browsers usually tell no
/// origin: let them in by [`or_absent`](Self::or_absent).
///
/// ```
/// use plimsoll::Origins;
///
/// let origins = Origins::list(["https://chat.example", "http://localhost:8080"]).or_absent();
/// assert!(origins.check().is_ok());
/// assert!(Origins::list(["chat.example"]).check().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Origins {
    rule: Rule,
    absent: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    Any,
    List(Vec<String>),
    SameHost,
}

impl Origins {
    /// Pages from any host. Only for services that no cookie or network address opens.
    pub fn any() -> Self {
        Self { rule: Rule::Any, absent: true }
    }

    /// Pages from these origins: scheme, host and port, as in `https://chat.example`. The whole
    /// origin is compared.
    pub fn list<O: Into<String>>(origins: impl IntoIterator<Item = O>) -> Self {
        let origins = origins.into_iter().map(Into::into).collect();
        Self { rule: Rule::List(origins), absent: false }
    }

    /// Pages from the host and port that the request itself is for.
    pub fn same_host() -> Self {
        Self { rule: Rule::SameHost, absent: false }
    }

    /// Lets in handshakes that tell no origin, too: clients that are no browsers.
    #[must_use]
    pub fn or_absent(mut self) -> Self {
        self.absent = true;
        self
    }

    /// Checks that each listed origin is one.
    ///
    /// # Errors
    ///
    /// Names the entry that can never match.
    pub fn check(&self) -> Result<(), Error> {
        let Rule::List(origins) = &self.rule else { return Ok(()) };
        for origin in origins {
            if Origin::parse(origin).is_none() {
                let remedy = format!("`{origin}` is no origin; write it as `https://host:port`");
                return Err(Error::config("origins", remedy));
            }
        }
        Ok(())
    }

    /// Whether a request may go on. One without an origin must have one only if it asks for a
    /// protocol that browsers do not guard themselves: an upgrade, or an extended CONNECT.
    pub(super) fn allow<B>(&self, request: &Request<B>) -> bool {
        let mut origins = request.headers().get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else {
            let upgrades = || {
                request.method() == Method::CONNECT
                    || request.headers().contains_key(http::header::UPGRADE)
            };
            return self.absent || !upgrades();
        };
        if matches!(self.rule, Rule::Any) {
            return true;
        }
        let Some(origin) = origin.to_str().ok().and_then(Origin::parse) else { return false };
        if origins.next().is_some() {
            return false;
        }
        match &self.rule {
            Rule::Any => true,
            Rule::List(list) => {
                list.iter().filter_map(|it| Origin::parse(it)).any(|it| it == origin)
            }
            Rule::SameHost => target(request).is_some_and(|target| origin.is_at(&target)),
        }
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::same_host()
    }
}

/// Scheme, host and port, in lower case.
#[derive(Debug, Eq, PartialEq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Takes nothing but `scheme://host` or `scheme://host:port`.
    fn parse(origin: &str) -> Option<Self> {
        let uri: Uri = origin.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let exact = origin.len() == scheme.len() + "://".len() + authority.as_str().len();
        if !exact || authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let port = port(authority)?.or(match &*scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        });
        Some(Self { scheme, host: authority.host().to_ascii_lowercase(), port })
    }

    fn is_at(&self, target: &Authority) -> bool {
        let Some(port) = port(target) else { return false };
        // A target without a port is at the default port of a scheme that only a proxy in
        // front may know.
        let default =
            matches!((&*self.scheme, self.port), ("http", Some(80)) | ("https", Some(443)));
        self.host.eq_ignore_ascii_case(target.host())
            && (port == self.port || (port.is_none() && default))
    }
}

/// The port; `None` if what stands there is none.
fn port(authority: &Authority) -> Option<Option<u16>> {
    let rest = authority.as_str().rsplit('@').next()?.strip_prefix(authority.host())?;
    match rest.strip_prefix(':') {
        Some(port) => port.parse().ok().map(Some),
        None => rest.is_empty().then_some(None),
    }
}

fn target<B>(request: &Request<B>) -> Option<Authority> {
    match request.headers().get(HOST) {
        Some(host) => host.to_str().ok()?.parse().ok(),
        None => request.uri().authority().cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, host: &str, origin: Option<&[u8]>) -> bool {
        let mut request =
            Request::builder().uri("/ws").header(HOST, host).header("upgrade", "websocket");
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        origins.allow(&request.body(()).unwrap())
    }

    #[test]
    fn the_same_host_is_compared_whole() {
        for (host, origin, expected) in [
            ("example.com", "https://example.com", true),
            ("example.com", "http://EXAMPLE.com", true),
            ("example.com:8080", "http://example.com:8080", true),
            ("example.com:443", "https://example.com", true),
            ("[::1]:8080", "http://[::1]:8080", true),
            ("example.com", "https://example.com:8443", false),
            ("example.com:8080", "http://example.com", false),
            ("example.com", "https://evil-example.com", false),
            ("example.com", "https://example.com.evil.net", false),
            ("example.com", "https://sub.example.com", false),
            ("example.com", "https://example.com@evil.net", false),
            ("example.com", "https://example.com/", false),
            ("example.com", "https://example.com:", false),
            ("example.com", "example.com", false),
            ("example.com", "null", false),
            ("example.com", "", false),
            ("example.com", "https://", false),
        ] {
            let allowed = allows(&Origins::same_host(), host, Some(origin.as_bytes()));
            assert_eq!(allowed, expected, "{origin} at {host}");
        }
    }

    #[test]
    fn an_origin_that_is_no_text_is_turned_away() {
        assert!(!allows(
            &Origins::same_host(),
            "example.com",
            Some("https://exämple.com".as_bytes())
        ));
        assert!(!allows(&Origins::same_host(), "example.com", Some(b"\xff\xfe")));
    }

    #[test]
    fn a_list_names_whole_origins() {
        let origins = Origins::list(["https://a.example", "http://b.example:8080"]);
        for (origin, expected) in [
            ("https://a.example", true),
            ("https://a.example:443", true),
            ("http://a.example", false),
            ("http://b.example:8080", true),
            ("http://b.example", false),
            ("https://aa.example", false),
            ("null", false),
        ] {
            assert_eq!(
                allows(&origins, "c.example", Some(origin.as_bytes())),
                expected,
                "{origin}"
            );
        }
    }

    #[test]
    fn an_absent_origin_is_let_in_by_option_only() {
        assert!(!allows(&Origins::same_host(), "example.com", None));
        assert!(allows(&Origins::same_host().or_absent(), "example.com", None));
        assert!(allows(&Origins::any(), "example.com", None));
        let plain = Request::builder().uri("/poll").body(()).unwrap();
        assert!(Origins::same_host().allow(&plain), "a browser guards plain requests itself");
    }
}
