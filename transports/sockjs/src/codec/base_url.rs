//! Where a client connects to, and how long it waits there.

use std::time::Duration;

use http::Uri;
use plimsoll::session::random_id;
use plimsoll::{Error, ErrorKind};

/// How long a client waits for the answer to `/info`.
pub(crate) const INFO_TIMEOUT: Duration = Duration::from_secs(8);

/// How long a client waits for a session to open before it tries the next transport, by the time
/// that `/info` took: twice the retransmission timeout of RFC 6298, in the simple form that the
/// reference client has of it.
pub(crate) fn opening_timeout(round_trip: Duration) -> Duration {
    let retransmission_timeout = if round_trip > Duration::from_millis(100) {
        round_trip.saturating_mul(4)
    } else {
        Duration::from_millis(300) + round_trip
    };
    retransmission_timeout.saturating_mul(ROUND_TRIPS)
}

/// The URL of a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BaseUrl {
    secure: bool,
    websocket_only: bool,
    /// Authority and path, without the slashes at the end.
    place: String,
    /// With its question mark, if there is one.
    query: String,
}

impl BaseUrl {
    /// Takes a URL with scheme `http`, `https`, `ws` or `wss`, each with or without `sockjs+`.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] for another scheme, for a URL without a host, and for
    /// one with a fragment.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        if url.contains('#') {
            return Err(Error::config("url", "must have no fragment"));
        }
        let uri: Uri = url
            .strip_prefix("sockjs+")
            .unwrap_or(url)
            .parse()
            .map_err(|error| Error::with_source(ErrorKind::Config, error))?;
        let (secure, websocket_only) = match uri.scheme_str() {
            Some("http") => (false, false),
            Some("https") => (true, false),
            Some("ws") => (false, true),
            Some("wss") => (true, true),
            _ => return Err(Error::config("url", "must begin with `sockjs+http` or `sockjs+ws`")),
        };
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let place = format!("{authority}{}", uri.path().trim_end_matches('/'));
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self { secure, websocket_only, place, query })
    }

    /// The URL for sessions, if the server names another one.
    ///
    /// # Errors
    ///
    /// Fails as [`parse`](Self::parse) does, and with [`ErrorKind::Policy`] if it would leave
    /// the protection of TLS.
    pub(crate) fn moved_to(&self, url: &str) -> Result<Self, Error> {
        let moved = Self::parse(url)?;
        if self.secure && !moved.secure {
            return Err(Error::with_message(ErrorKind::Policy, "the server's base URL has no TLS"));
        }
        Ok(moved)
    }

    /// Whether host and port are those of another URL.
    pub(crate) fn has_host_of(&self, other: &Self) -> bool {
        self.place.split('/').next() == other.place.split('/').next()
    }

    /// Whether the scheme asks for WebSocket and nothing else.
    pub(crate) fn is_websocket_only(&self) -> bool {
        self.websocket_only
    }

    /// The URL of the server's information.
    pub(crate) fn info(&self) -> String {
        self.http("/info")
    }

    /// The URL of a WebSocket without framing.
    pub(crate) fn raw_websocket(&self) -> String {
        self.websocket("/websocket")
    }

    /// The URLs of a new session, whose id nobody can guess.
    ///
    /// # Errors
    ///
    /// Fails as [`random_id`] does.
    pub(crate) fn session(&self) -> Result<SessionUrl, Error> {
        let place = format!("{}/{:03}/{}", self.place, fastrand::u16(..1000), random_id()?);
        Ok(SessionUrl(Self { place, ..self.clone() }))
    }

    fn http(&self, path: &str) -> String {
        self.join(if self.secure { "https" } else { "http" }, path)
    }

    fn websocket(&self, path: &str) -> String {
        self.join(if self.secure { "wss" } else { "ws" }, path)
    }

    fn join(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://{}{path}{}", self.place, self.query)
    }
}

/// The URLs of a session. All have the query of the base URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SessionUrl(BaseUrl);

impl SessionUrl {
    /// Receives by polling.
    pub(crate) fn xhr(&self) -> String {
        self.0.http("/xhr")
    }

    /// Receives by streaming.
    pub(crate) fn xhr_streaming(&self) -> String {
        self.0.http("/xhr_streaming")
    }

    /// Sends.
    pub(crate) fn xhr_send(&self) -> String {
        self.0.http("/xhr_send")
    }

    /// Does both.
    pub(crate) fn websocket(&self) -> String {
        self.0.websocket("/websocket")
    }
}

/// A preflight request, or a TLS handshake, and the request.
const ROUND_TRIPS: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Transport;
    use crate::codec::Route;

    #[test]
    fn urls_keep_their_query() {
        let base = BaseUrl::parse("sockjs+https://a.example:8443/echo//?token=x&y").unwrap();
        assert_eq!(base.info(), "https://a.example:8443/echo/info?token=x&y");
        assert_eq!(base.raw_websocket(), "wss://a.example:8443/echo/websocket?token=x&y");
        assert!(!base.is_websocket_only());
        let base = BaseUrl::parse("ws://[::1]:80").unwrap();
        assert_eq!(base.info(), "http://[::1]:80/info");
        assert!(base.is_websocket_only());
    }

    #[test]
    fn a_session_has_a_server_and_an_id_that_servers_accept() {
        let base = BaseUrl::parse("http://a.example/chat?x").unwrap();
        let session = base.session().unwrap();
        assert_ne!(session, base.session().unwrap());
        for (url, scheme, transport) in [
            (session.xhr(), "http", Some(Transport::XhrPolling)),
            (session.xhr_streaming(), "http", Some(Transport::XhrStreaming)),
            (session.websocket(), "ws", Some(Transport::WebSocket)),
            (session.xhr_send(), "http", None),
        ] {
            let path = url.strip_prefix(&format!("{scheme}://a.example/chat")).unwrap();
            let path = path.strip_suffix("?x").unwrap();
            let server = path.split('/').nth(1).unwrap();
            assert!(server.len() == 3 && server.parse::<u16>().is_ok(), "{server}");
            let (Route::Receive { session, .. } | Route::Send { session, .. }) =
                Route::parse(path).unwrap()
            else {
                panic!("{path}")
            };
            assert!(session.len() >= 8);
            if let Some(transport) = transport {
                assert_eq!(Route::parse(path), Some(Route::Receive { session, transport }));
            }
        }
    }

    #[test]
    fn a_url_that_cannot_work_is_an_error() {
        for url in [
            "",
            "a",
            "/echo",
            "tcp://a",
            "sockjs+tcp://a",
            "http:",
            "http://",
            "http://a#b",
            "sockjs+sockjs+http://a",
            "http://a b",
        ] {
            assert_eq!(BaseUrl::parse(url).unwrap_err().kind(), ErrorKind::Config, "{url}");
        }
    }

    #[test]
    fn a_server_may_send_clients_elsewhere_but_not_without_tls() {
        let base = BaseUrl::parse("https://a.example/echo?x").unwrap();
        let moved = base.moved_to("https://b.example/").unwrap();
        assert_eq!(moved.info(), "https://b.example/info");
        assert!(!moved.has_host_of(&base));
        assert!(base.moved_to("https://a.example/").unwrap().has_host_of(&base));
        assert_eq!(base.moved_to("http://b.example/").unwrap_err().kind(), ErrorKind::Policy);
        assert!(base.moved_to("/elsewhere").is_err());
    }

    #[test]
    fn the_time_to_open_follows_the_round_trip() {
        for (round_trip, timeout) in [(0, 600), (5, 610), (100, 800), (101, 808), (1000, 8000)] {
            let timeout = Duration::from_millis(timeout);
            assert_eq!(opening_timeout(Duration::from_millis(round_trip)), timeout);
        }
        assert_eq!(opening_timeout(Duration::MAX), Duration::MAX);
    }
}
