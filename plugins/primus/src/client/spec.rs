//! How a server describes itself.

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use plimsoll::{BoxError, Error, ErrorKind, Reject};
use plimsoll_http::client::{Client, Origin};
use serde::Deserialize;

/// What `/spec` tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) transformer: String,
    pub(super) parser: String,
    /// In milliseconds, or `false` for none.
    #[serde(default)]
    ping_interval: serde_json::Value,
}

impl Spec {
    fn parse(body: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(body).map_err(|error| Error::with_source(ErrorKind::Protocol, error))
    }

    /// How long the server may be silent: half as long again as it waits between pings.
    pub(super) fn ping_timeout(&self) -> Option<Duration> {
        let interval = self.ping_interval.as_u64().filter(|interval| *interval > 0)?;
        Some(Duration::from_millis(interval.saturating_add(interval / 2).min(MAX_TIMEOUT)))
    }
}

/// Asks the server at `path`.
pub(super) async fn ask(origin: Origin, path: &str, headers: &HeaderMap) -> Result<Spec, Error> {
    let host = HeaderValue::from_str(origin.authority().as_str()).map_err(bad_request)?;
    let mut request = Request::get(path).body(Bytes::new()).map_err(bad_request)?;
    request.headers_mut().clone_from(headers);
    request.headers_mut().insert(HOST, host);

    let mut client = Client::new(origin);
    let (head, body) = client.send(request).await?.into_parts();
    let body = client.read_short(body).await?;
    match head.status {
        StatusCode::OK => Spec::parse(&body),
        status => Err(Reject::new(status, body).into()),
    }
}

fn bad_request(error: impl Into<BoxError>) -> Error {
    Error::with_source(ErrorKind::Config, error)
}

/// A day, in milliseconds.
const MAX_TIMEOUT: u64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_server_s_own_words_are_understood() {
        let body = br#"{"pingInterval":30000,"pathname":"/primus","version":"8.0.9",
            "parser":"json","transformer":"engine.io"}"#;
        let spec = Spec::parse(body).unwrap();
        assert_eq!((&*spec.transformer, &*spec.parser), ("engine.io", "json"));
        assert_eq!(spec.ping_timeout(), Some(Duration::from_secs(45)));
    }

    #[test]
    fn a_server_without_pings_is_waited_for() {
        for interval in ["false", "0", "null", "-1", "\"x\""] {
            let body = format!(r#"{{"pingInterval":{interval},"parser":"","transformer":""}}"#);
            assert_eq!(Spec::parse(body.as_bytes()).unwrap().ping_timeout(), None, "{interval}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(body: Vec<u8>, interval: u64) {
            let _ = Spec::parse(&body);
            let body = format!(r#"{{"pingInterval":{interval},"parser":"","transformer":""}}"#);
            prop_assert!(Spec::parse(body.as_bytes()).unwrap().ping_timeout() < Some(Duration::MAX));
        }
    }
}
