//! How requests fail.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use plimsoll::{Error, ErrorKind};

/// The error with which a handler answers a request. It travels to the peer.
///
/// ```
/// use plimsoll_events::RemoteError;
///
/// let error = RemoteError::new("sold_out", "no tickets are left");
/// assert_eq!(error.code(), "sold_out");
/// assert_eq!(error.to_string(), "sold_out: no tickets are left");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RemoteError {
    code: Cow<'static, str>,
    message: Cow<'static, str>,
}

impl RemoteError {
    /// The code of an answer to arguments that are not what the handler takes.
    pub const BAD_ARGUMENTS: &str = "bad_arguments";
    /// The code of an answer that could not be encoded.
    pub const INTERNAL: &str = "internal";
    /// The code of an answer to a request without a handler.
    pub const UNKNOWN_REQUEST: &str = "unknown_request";

    /// Makes an error with a code for programs and a message for people.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// The reason for programs.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The reason for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl StdError for RemoteError {}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// Why a request of this side has no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum RequestError {
    /// The connection is closed, the arguments cannot be encoded, the dialect has no such request,
    /// or the answer is not what was expected.
    Failed(Error),
    /// The peer answered with an error.
    Remote(RemoteError),
    /// No answer came in time.
    TimedOut,
    /// [`EventsBuilder::max_pending_requests`](crate::EventsBuilder::max_pending_requests) wait
    /// for their answer already.
    TooManyPending,
}

impl RequestError {
    /// The peer's error, if it answered with one.
    pub fn remote(&self) -> Option<&RemoteError> {
        match self {
            Self::Remote(error) => Some(error),
            Self::Failed(_) | Self::TimedOut | Self::TooManyPending => None,
        }
    }
}

impl StdError for RequestError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Remote(error) => Some(error),
            Self::TimedOut | Self::TooManyPending => None,
        }
    }
}

impl From<Error> for RequestError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<RequestError> for Error {
    /// Of kind [`ErrorKind::Timeout`] or [`ErrorKind::Internal`], or the error inside.
    fn from(error: RequestError) -> Self {
        let kind = match error {
            RequestError::Failed(error) => return error,
            RequestError::Remote(_) | RequestError::TooManyPending => ErrorKind::Internal,
            RequestError::TimedOut => ErrorKind::Timeout,
        };
        Self::with_source(kind, error)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed(_) => "the request failed",
            Self::Remote(_) => "the peer answered with an error",
            Self::TimedOut => "no answer came in time",
            Self::TooManyPending => "too many requests wait for their answer",
        })
    }
}
