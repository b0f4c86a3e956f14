//! Where a URL leads.

use http::Uri;
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::Origin;

/// Where a URL leads.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Over a WebSocket, without asking the server.
    pub(super) is_websocket: bool,
    pub(super) origin: Origin,
    /// The path without a slash at its end, and the query with its question mark.
    path: String,
    query: String,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let url = url.split('#').next().unwrap_or_default();
        let uri: Uri = url.parse().map_err(|error| Error::with_source(ErrorKind::Config, error))?;
        let (is_websocket, secure) = match uri.scheme_str() {
            Some("primus+http") => (false, false),
            Some("primus+https") => (false, true),
            Some("primus+ws") => (true, false),
            Some("primus+wss") => (true, true),
            _ => return Err(Error::config("url", "the scheme must be one like `primus+http`")),
        };
        let path = match uri.path().trim_end_matches('/') {
            "" => DEFAULT_PATH,
            path => path,
        };
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self { is_websocket, origin: Origin::new(&uri, secure)?, path: path.to_owned(), query })
    }

    /// Where the server describes itself.
    pub(super) fn spec(&self) -> String {
        format!("{}/spec", self.path)
    }

    /// The URL for a connector: `scheme` is one without TLS, to which an `s` may be added.
    pub(super) fn url(&self, scheme: &str, slash: bool) -> String {
        let Self { origin, path, query, .. } = self;
        let secure = if origin.is_secure() { "s" } else { "" };
        let authority = origin.authority();
        let slash = if slash { "/" } else { "" };
        format!("{scheme}{secure}://{authority}{path}{slash}{query}")
    }
}

/// Where Primus is, unless told otherwise.
const DEFAULT_PATH: &str = "/primus";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_the_server_and_leaves_the_rest_to_the_transports() {
        for (url, spec, websocket, engine_io) in [
            (
                "primus+http://host",
                "/primus/spec",
                "ws://host/primus",
                "engineio+http://host/primus/",
            ),
            (
                "primus+http://host/",
                "/primus/spec",
                "ws://host/primus",
                "engineio+http://host/primus/",
            ),
            (
                "primus+http://[::1]:81/live/?a=b#c",
                "/live/spec",
                "ws://[::1]:81/live?a=b",
                "engineio+http://[::1]:81/live/?a=b",
            ),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(target.spec(), spec, "{url}");
            assert_eq!(target.url("ws", false), websocket, "{url}");
            assert_eq!(target.url("engineio+http", true), engine_io, "{url}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_server_is_an_error_of_the_configuration() {
        for url in ["", "primus+http:", "primus+http:///a", "http://host", "primus+ftp://host"] {
            assert_eq!(Target::parse(url).unwrap_err().kind(), ErrorKind::Config, "{url}");
        }
    }
}
