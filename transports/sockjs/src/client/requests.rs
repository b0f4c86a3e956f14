//! The requests of a session by XHR.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::Cookies;

/// Makes the requests of a session by XHR.
pub(super) struct Requests {
    receive: Uri,
    send: Uri,
    headers: HeaderMap,
}

impl Requests {
    /// Those to the URLs where a session receives and sends.
    pub(super) fn new(receive: &str, send: &str, headers: HeaderMap) -> Result<Self, Error> {
        let url = parse(receive)?;
        let headers = with_host(&url, headers)?;
        Ok(Self { receive: target(&url), send: target(&parse(send)?), headers })
    }

    /// Adds the cookies that the server has set.
    pub(super) fn set_cookies(&mut self, cookies: &Cookies) {
        cookies.add_to(&mut self.headers, SystemTime::now());
    }

    /// Asks for frames.
    pub(super) fn receive(&self) -> Request<Bytes> {
        request(Method::POST, &self.receive, &self.headers, Bytes::new())
    }

    /// Brings messages.
    pub(super) fn send(&self, payload: Bytes) -> Request<Bytes> {
        let mut request = request(Method::POST, &self.send, &self.headers, payload);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        request
    }
}

/// Asks for what is at a URL.
pub(super) fn get(url: &Uri, headers: &HeaderMap) -> Result<Request<Bytes>, Error> {
    let headers = with_host(url, headers.clone())?;
    Ok(request(Method::GET, &target(url), &headers, Bytes::new()))
}

pub(super) fn parse(url: &str) -> Result<Uri, Error> {
    url.parse().map_err(config)
}

fn request(method: Method, target: &Uri, headers: &HeaderMap, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target.clone();
    *request.headers_mut() = headers.clone();
    request
}

/// What stands in the first line of a request to a server.
fn target(url: &Uri) -> Uri {
    url.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")).into()
}

fn with_host(url: &Uri, mut headers: HeaderMap) -> Result<HeaderMap, Error> {
    let host = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
    headers.entry(HOST).or_insert(HeaderValue::from_str(host).map_err(config)?);
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Ok(headers)
}

fn config(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::with_source(ErrorKind::Config, error)
}
