//! The requests of a session.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::Cookies;

use super::target::Target;
use crate::Transport;

/// Makes the requests of polling.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    uri: Uri,
    headers: HeaderMap,
    cookies: Cookies,
}

impl Requests {
    /// The first request of a session, and those after it until [`join`](Self::join).
    pub(super) fn new(target: &Target, mut headers: HeaderMap) -> Result<Self, Error> {
        let host = HeaderValue::from_str(target.origin.authority().as_str())
            .map_err(|error| Error::with_source(ErrorKind::Config, error))?;
        headers.entry(HOST).or_insert(host);
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        let uri = uri(&target.path(Transport::Polling, None))?;
        Ok(Self { uri, headers, cookies: Cookies::default() })
    }

    /// Goes on with the session that the server has opened.
    pub(super) fn join(
        &mut self,
        target: &Target,
        sid: &str,
        cookies: Cookies,
    ) -> Result<(), Error> {
        self.uri = uri(&target.path(Transport::Polling, Some(sid)))?;
        self.cookies = cookies;
        Ok(())
    }

    /// Asks for packets.
    pub(super) fn get(&self) -> Request<Bytes> {
        self.request(Bytes::new())
    }

    /// Brings packets.
    pub(super) fn post(&self, payload: Bytes) -> Request<Bytes> {
        let mut request = self.request(payload);
        *request.method_mut() = Method::POST;
        request.headers_mut().insert(CONTENT_TYPE, TEXT);
        request
    }

    fn request(&self, body: Bytes) -> Request<Bytes> {
        let mut request = Request::new(body);
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        self.cookies.add_to(request.headers_mut(), SystemTime::now());
        request
    }
}

fn uri(path: &str) -> Result<Uri, Error> {
    path.parse().map_err(|error| Error::with_source(ErrorKind::Config, error))
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");
