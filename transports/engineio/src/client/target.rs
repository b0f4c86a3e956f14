//! Where a URL leads.

use http::Uri;
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::Origin;

use crate::Transport;
use crate::codec::{Query, Version};

/// Where a URL leads.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Over what the session begins.
    pub(super) transport: Transport,
    pub(super) origin: Origin,
    /// The URL without the fragment.
    pub(super) uri: Uri,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let url = url.split('#').next().unwrap_or_default();
        let uri: Uri = url.parse().map_err(|error| Error::with_source(ErrorKind::Config, error))?;
        let (transport, secure) = match uri.scheme_str() {
            Some("engineio+http") => (Transport::Polling, false),
            Some("engineio+https") => (Transport::Polling, true),
            Some("engineio+ws") => (Transport::WebSocket, false),
            Some("engineio+wss") => (Transport::WebSocket, true),
            _ => return Err(Error::config("url", "the scheme must be one like `engineio+http`")),
        };
        Ok(Self { transport, origin: Origin::new(&uri, secure)?, uri })
    }

    /// The path and the query of requests.
    pub(super) fn path(&self, transport: Transport, sid: Option<&str>) -> String {
        let path = match self.uri.path() {
            "" | "/" => DEFAULT_PATH,
            path => path,
        };
        let query = Query {
            version: Version::V4,
            transport: Some(transport),
            sid: sid.map(str::to_owned),
            jsonp: None,
            base64: false,
        };
        format!("{path}?{}", query.write(self.uri.query().unwrap_or_default()))
    }

    /// Where the WebSocket of the session is, or of a new one.
    pub(super) fn websocket(&self, sid: Option<&str>) -> String {
        let scheme = if self.origin.is_secure() { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.origin.authority(), self.path(Transport::WebSocket, sid))
    }
}

/// That of the reference implementation.
const DEFAULT_PATH: &str = "/engine.io/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_the_path_and_the_query_of_the_url() {
        for (url, path) in [
            ("engineio+http://a", "/engine.io/?EIO=4&transport=polling&sid=s"),
            ("engineio+http://a/#b", "/engine.io/?EIO=4&transport=polling&sid=s"),
            ("engineio+http://a?b=c", "/engine.io/?b=c&EIO=4&transport=polling&sid=s"),
            ("engineio+http://a/b?c=%20&EIO=3", "/b?c=%20&EIO=4&transport=polling&sid=s"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(target.path(Transport::Polling, Some("s")), path, "{url}");
        }
        let target = Target::parse("engineio+ws://[::1]:8080/chat/?a").unwrap();
        let url = "ws://[::1]:8080/chat/?a&EIO=4&transport=websocket";
        assert_eq!(target.websocket(None), url);
    }

    #[test]
    fn a_url_that_leads_nowhere_is_refused() {
        for url in [
            "",
            "engineio+http:",
            "engineio+http://",
            "engineio+http://:80",
            "engineio+http://user:secret@a",
            "engineio+http://a:99999",
            "engineio+http://a/ b",
            "engineio+ftp://a",
            "http://a",
        ] {
            assert_eq!(Target::parse(url).unwrap_err().kind(), ErrorKind::Config, "{url}");
        }
    }
}
