//! Answers, and their headers.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, CACHE_CONTROL, CONNECTION,
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN, USER_AGENT, VARY,
    X_CONTENT_TYPE_OPTIONS, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use plimsoll::{Body, Reject};

use super::compression::Coding;
use crate::Cors;
use crate::codec::{Jsonp, Payload, Query, Refusal};

/// How a client takes an answer: what is kept of a request that waits.
pub(super) struct Wanted {
    jsonp: Option<Jsonp>,
    coding: Option<Coding>,
    internet_explorer: bool,
}

impl Wanted {
    pub(super) fn new(query: &Query, headers: &HeaderMap) -> Self {
        Self {
            jsonp: query.jsonp.clone(),
            coding: Coding::accepted(headers),
            internet_explorer: is_internet_explorer(headers),
        }
    }

    /// Answers a poll or a handshake. Payloads from `threshold` bytes on are compressed, if the
    /// client takes that.
    pub(super) fn answer(self, payload: Payload, threshold: Option<usize>) -> Response<Body> {
        let Payload { mut bytes, octet_stream } = payload;
        let mut headers = HeaderMap::new();
        let mut kind = if octet_stream { OCTET_STREAM } else { TEXT };
        if let Some(jsonp) = &self.jsonp {
            bytes = jsonp.script(&String::from_utf8_lossy(&bytes)).into();
            // Another page could have it run as something else.
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            kind = SCRIPT;
        }
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.internet_explorer {
            // Its filter takes some payloads for an attack.
            headers.insert(X_XSS_PROTECTION, HeaderValue::from_static("0"));
        }
        if threshold.is_some_and(|threshold| bytes.len() >= threshold)
            && let Some(coding) = self.coding
            && let Ok(compressed) = coding.encode(&bytes)
        {
            headers.insert(CONTENT_ENCODING, coding.name());
            bytes = compressed;
        }
        let mut response = Response::new(Body::from(bytes));
        *response.headers_mut() = headers;
        response
    }
}

/// The endpoint's refusal in the protocol's form: status and headers stay.
pub(super) fn refused(reject: Reject) -> Reject {
    let message = String::from_utf8_lossy(reject.body()).into_owned();
    let json = Refusal::Forbidden(message).json();
    keep(&reject, Reject::new(reject.status(), json.body().clone()))
        .with_header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
}

/// The same for a request for a WebSocket.
pub(super) fn refused_upgrade(reject: Reject) -> Reject {
    let body = match reject.body() {
        body if body.is_empty() => Bytes::from_static(b"Forbidden"),
        body => body.clone(),
    };
    keep(&reject, Reject::new(reject.status(), body))
        .with_header(CONNECTION, HeaderValue::from_static("close"))
        .with_header(CONTENT_TYPE, HeaderValue::from_static("text/html"))
}

/// What lets pages of other origins read an answer.
pub(super) fn cors(cors: &Cors, request: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let origin = request.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    if let Some(Ok(allowed)) = cors.allow_origin(origin).map(HeaderValue::from_str) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if cors.credentials() {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
    if cors.varies() {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    headers
}

/// Answers a browser that asks what a page of another origin may send.
pub(super) fn preflight(request: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    if let Some(wanted) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    response
}

fn keep(reject: &Reject, mut answer: Reject) -> Reject {
    for (name, value) in reject.headers() {
        if *name != CONTENT_TYPE && *name != CONNECTION {
            answer = answer.with_header(name.clone(), value.clone());
        }
    }
    answer
}

fn is_internet_explorer(request: &HeaderMap) -> bool {
    let agent = request.get(USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    [&b";MSIE"[..], b"Trident/"]
        .iter()
        .any(|mark| agent.windows(mark.len()).any(|part| part == *mark))
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");
const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=UTF-8");
const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";
