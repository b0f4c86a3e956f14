//! How a connection is turned away.

use std::time::Duration;
use std::{error, fmt};

use bytes::Bytes;
use http::header::{HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{Close, CloseCode};

/// Turns a connection away: an HTTP status, and a close code where there is no HTTP.
///
/// ```
/// use plimsoll::Reject;
///
/// let reject = Reject::unauthorized("Bearer");
/// assert_eq!(reject.status(), 401);
/// assert_eq!(u16::from(reject.close_code()), 4401);
/// ```
#[derive(Clone, Debug)]
pub struct Reject {
    status: StatusCode,
    /// In a box, for this is the error of many results.
    headers: Box<HeaderMap>,
    body: Bytes,
}

impl Reject {
    /// Turns away with an HTTP status and a body for people.
    pub fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Box::default(), body: body.into() }
    }

    /// Turns away with 401: the client must show a credential of the given scheme, for example
    /// `"Bearer"` (RFC 9110, section 11.6.1).
    pub fn unauthorized(challenge: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized")
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// Turns away with 503: the client may come back after `seconds`.
    pub fn unavailable(reason: &'static str, seconds: u32) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, reason)
            .with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the response.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body of the response.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The close code for transports that have no status: 4000 more than the status.
    pub fn close_code(&self) -> CloseCode {
        CloseCode::from_status(self.status)
    }

    /// How long the client is asked to wait: `Retry-After`, if it is in seconds (RFC 9110,
    /// section 10.2.3).
    pub fn retry_delay(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse::<u32>().ok()?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// The close for transports that have no status. The body is the reason, as far as it fits,
    /// with the [delay](Self::retry_delay) as [`Close::retry_after`] gives it.
    pub fn close(&self) -> Close {
        let close = Close::new(self.close_code(), &*String::from_utf8_lossy(&self.body));
        match self.retry_delay() {
            Some(delay) => close.retry_after(delay),
            None => Close::new(close.code, close.wire_reason()),
        }
    }

    /// The rejection as an HTTP response. The rejection itself is among the response's
    /// extensions, for those who would rather say it in another way.
    pub fn into_response<B: From<Bytes>>(self) -> http::Response<B> {
        let mut response = http::Response::new(B::from(self.body.clone()));
        *response.status_mut() = self.status;
        response.headers_mut().clone_from(&self.headers);
        response.extensions_mut().insert(self);
        response
    }

    /// Whether the same attempt may succeed later: for statuses 408, 425, 429 and from 500.
    pub fn may_retry(&self) -> bool {
        self.close_code().may_reconnect()
    }
}

impl error::Error for Reject {}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rejected with status {}", self.status)
    }
}
