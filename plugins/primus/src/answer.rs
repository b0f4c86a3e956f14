//! Answers of the mount's own, and the headers of all.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use plimsoll::{Body, Reject};
use serde::{Serialize, Serializer};

use crate::dialect::Settings;

/// What clients have to know, in the words of Primus, and the names of all transports, the first
/// of which is the `transformer`.
pub(crate) fn spec(settings: &Settings, pathname: &str, names: Vec<&str>) -> Response<Body> {
    let spec = Spec {
        ping_interval: settings.ping_interval,
        pathname,
        version: VERSION,
        parser: settings.parser.name(),
        transformer: names.first().copied().unwrap_or_default(),
        transformers: names,
    };
    let body = serde_json::to_vec(&spec).expect("strings and numbers can be JSON");
    let mut response = Response::new(Body::from(Bytes::from(body)));
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// Says the endpoint's refusal, which a transport has answered with, as Primus does:
/// `{"error": "..."}`.
pub(crate) fn refusal(reject: &Reject, response: &mut Response<Body>) {
    let reason = match &*String::from_utf8_lossy(reject.body()) {
        "" => reject.status().canonical_reason().unwrap_or("refused").to_owned(),
        reason => reason.to_owned(),
    };
    let body = serde_json::json!({ "error": reason }).to_string();
    *response.status_mut() = reject.status();
    *response.body_mut() = Body::from(Bytes::from(body));
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
}

/// Whether a browser asks what a page of another origin may send.
pub(crate) fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers that it may send what Primus lets it.
pub(crate) fn preflight(request: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

/// The origin of the page that asks. Whether it may ask at all was decided before.
pub(crate) fn origin(request: &HeaderMap) -> Option<HeaderValue> {
    request.get(ORIGIN).filter(|origin| !origin.is_empty()).cloned()
}

/// Lets that page read the answer, with its cookies (the CORS protocol of the Fetch Standard).
/// WebSockets know nothing of this.
pub(crate) fn allow(origin: Option<HeaderValue>, response: &mut Response<Body>) {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let headers = response.headers_mut();
    let lists = headers.get_all(VARY).iter().filter_map(|list| list.to_str().ok());
    let mut names = lists.flat_map(|list| list.split(',')).map(str::trim);
    if !names.any(|name| name == "*" || name.eq_ignore_ascii_case("origin")) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(serialize_with = "millis_or_false")]
    ping_interval: Option<Duration>,
    pathname: &'a str,
    version: &'a str,
    parser: &'a str,
    transformer: &'a str,
    transformers: Vec<&'a str>,
}

fn millis_or_false<S: Serializer>(
    interval: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match interval {
        Some(interval) => {
            serializer.serialize_u64(interval.as_millis().try_into().unwrap_or(u64::MAX))
        }
        None => serializer.serialize_bool(false),
    }
}

/// The version of Primus whose dialect this is.
const VERSION: &str = "8.0.9";
const METHODS: &str = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
/// 30 days.
const MAX_AGE: &str = "2592000";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue =
    HeaderValue::from_static("no-store, no-cache, must-revalidate, max-age=0");
