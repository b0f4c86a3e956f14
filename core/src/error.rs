//! One error type for every transport and plugin.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::{fmt, io};

use crate::{Close, CloseCode, Reject};

/// The type as which the causes of errors are kept.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// An error of a connection, or of a configuration; one word wide.
///
/// Programs decide by [`kind`](Self::kind), which is the same for every transport; people read
/// the message and the [`source`](StdError::source).
pub struct Error(Box<Inner>);

impl Error {
    /// Makes an error without a message or a cause.
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, message: Cow::Borrowed(""), source: None }))
    }

    /// Makes an error with a message.
    pub fn with_message(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    /// Makes an error with a cause.
    pub fn with_source(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        let message = Cow::Borrowed("");
        Self(Box::new(Inner { kind, message, source: Some(source.into()) }))
    }

    /// Makes an error of a configuration, of kind [`ErrorKind::Config`]: `option` names what is
    /// wrong, `remedy` says what to change.
    pub fn config(option: &str, remedy: impl fmt::Display) -> Self {
        Self::with_message(ErrorKind::Config, format!("`{option}`: {remedy}"))
    }

    /// What went wrong, in terms that do not depend on the transport.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The server's answer, if this error is [`ErrorKind::Rejected`].
    pub fn reject(&self) -> Option<&Reject> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// What to tell the peer, if the connection ends by this error and the peer can be reached.
    pub fn close(&self) -> Option<Close> {
        let code = match self.kind() {
            ErrorKind::Close | ErrorKind::Io | ErrorKind::Timeout => return None,
            ErrorKind::Codec => CloseCode::INVALID_DATA,
            ErrorKind::Config | ErrorKind::Internal => CloseCode::INTERNAL,
            ErrorKind::Expired => CloseCode::EXPIRED,
            ErrorKind::Policy => CloseCode::POLICY,
            ErrorKind::Protocol => CloseCode::PROTOCOL,
            ErrorKind::Rejected => match self.reject() {
                Some(reject) => return Some(reject.close()),
                None => CloseCode::POLICY,
            },
            ErrorKind::SlowConsumer => CloseCode::SLOW_CONSUMER,
            ErrorKind::TooLarge => CloseCode::TOO_LARGE,
            ErrorKind::Unsupported => CloseCode::UNSUPPORTED,
        };
        Some(Close::new(code, self.to_string()))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::with_source(ErrorKind::Io, error)
    }
}

impl From<Reject> for Error {
    fn from(reject: Reject) -> Self {
        Self::with_source(ErrorKind::Rejected, reject)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0.message {
            "" => self.0.kind.fmt(f),
            message => write!(f, "{}: {message}", self.0.kind),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, source } = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", kind);
        if !message.is_empty() {
            debug.field("message", message);
        }
        if let Some(source) = source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

/// What went wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The connection is closed.
    Close,
    /// A message could not be encoded or decoded.
    Codec,
    /// An option has a value that cannot work.
    Config,
    /// A credential is no longer valid.
    Expired,
    /// A plugin or a handler failed.
    Internal,
    /// The system's input or output failed.
    Io,
    /// The peer broke a rule of a plugin.
    Policy,
    /// The peer broke the protocol.
    Protocol,
    /// The server turned the connection away: see [`Error::reject`].
    Rejected,
    /// The peer does not read fast enough.
    SlowConsumer,
    /// The peer was silent for too long.
    Timeout,
    /// A message is over a limit.
    TooLarge,
    /// The transport cannot do this, or there is no transport for it.
    Unsupported,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Close => "the connection is closed",
            Self::Codec => "a message could not be encoded or decoded",
            Self::Config => "an option has a value that cannot work",
            Self::Expired => "the credential is no longer valid",
            Self::Internal => "a plugin or handler failed",
            Self::Io => "input or output failed",
            Self::Policy => "the peer broke a rule",
            Self::Protocol => "the peer broke the protocol",
            Self::Rejected => "the server turned the connection away",
            Self::SlowConsumer => "the peer does not read fast enough",
            Self::Timeout => "the peer was silent for too long",
            Self::TooLarge => "a message is over a limit",
            Self::Unsupported => "the transport cannot do this",
        })
    }
}

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<BoxError>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Option<Error>>(), size_of::<usize>());
    }

    #[test]
    fn an_error_of_a_configuration_names_the_option_and_the_remedy() {
        let error = Error::config("outbox_bytes", "must be at least 1");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().ends_with("`outbox_bytes`: must be at least 1"), "{error}");
    }

    #[test]
    fn a_rejection_keeps_its_status_all_the_way() {
        let error = Error::from(Reject::new(http::StatusCode::FORBIDDEN, "no"));
        assert_eq!(error.reject().unwrap().status(), 403);
        assert_eq!(error.close(), Some(Close::new(4403.into(), "no")));

        let error = Error::from(Reject::unavailable("full", 2));
        assert_eq!(error.close().unwrap().retry_delay(), Some(Duration::from_secs(2)));
    }
}
