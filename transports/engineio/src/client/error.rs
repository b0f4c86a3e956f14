//! What a server answers to requests that it turns away.

use std::{error, fmt};

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use plimsoll::{Error, ErrorKind, Reject};

use crate::codec::Refusal;

/// A server's answer to a request that it cannot serve: the
/// [source](std::error::Error::source) of an error of kind [`ErrorKind::Protocol`].
///
/// | code | message |
/// |---|---|
/// | 0 | Transport unknown |
/// | 1 | Session ID unknown |
/// | 2 | Bad handshake method |
/// | 3 | Bad request |
/// | 5 | Unsupported protocol version |
///
/// Code 4 is a refusal on purpose: an error of kind [`ErrorKind::Rejected`], with a [`Reject`]
/// whose body is the message.
///
/// ```
/// use std::error::Error as _;
///
/// use plimsoll::Error;
/// use plimsoll_engineio::EngineIoError;
///
/// /// Whether the session was forgotten, for example because the server was started anew.
/// fn is_unknown_session(error: &Error) -> bool {
///     let answer = error.source().and_then(|source| source.downcast_ref::<EngineIoError>());
///     answer.is_some_and(|answer| answer.code() == 1)
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EngineIoError {
    code: u8,
    message: String,
}

impl EngineIoError {
    /// The number of the error.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The message, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Reads the body of an answer. Some servers write the code as a string.
    fn from_json(body: &[u8]) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_slice(body).ok()?;
        let code = match json.get("code")? {
            serde_json::Value::String(code) => code.parse().ok()?,
            code => u8::try_from(code.as_u64()?).ok()?,
        };
        let message = json.get("message")?.as_str()?.to_owned();
        Some(Self { code, message })
    }

    /// Reads the body of an answer to a request for a WebSocket, which has no code.
    fn from_text(body: &[u8]) -> Option<Self> {
        let known = [
            Refusal::UnknownTransport,
            Refusal::UnknownSid,
            Refusal::BadHandshakeMethod,
            Refusal::BadRequest,
            Refusal::UnsupportedVersion,
        ];
        let refusal = known.into_iter().find(|refusal| refusal.message().as_bytes() == body)?;
        Some(Self { code: refusal.code(), message: refusal.message().to_owned() })
    }
}

impl error::Error for EngineIoError {}

impl fmt::Display for EngineIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered with code {}: {}", self.code, self.message)
    }
}

/// The error for an answer to a handshake.
pub(super) fn refused(head: &Parts, body: Bytes) -> Error {
    let status = head.status;
    let body = match EngineIoError::from_json(&body) {
        Some(answer) if answer.code == FORBIDDEN => answer.message.into(),
        Some(answer) => return Error::with_source(ErrorKind::Protocol, answer),
        None => body,
    };
    if status.is_success() || status.is_informational() {
        return unexpected(status);
    }
    let reject = Reject::new(status, body);
    let headers = keep(&head.headers);
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    headers.fold(reject, |reject, (name, value)| reject.with_header(name, value)).into()
}

/// The error for an answer to a later request: only what says so is a refusal of the client. Any
/// other ends this session, and the next may fare better.
pub(super) fn broken(head: &Parts, body: Bytes) -> Error {
    match head.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            refused(head, body)
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = "the server does not take so much in one request";
            Error::with_message(ErrorKind::TooLarge, message)
        }
        status if status.is_server_error() => refused(head, body),
        status => match EngineIoError::from_json(&body) {
            Some(answer) => Error::with_source(ErrorKind::Protocol, answer),
            None => unexpected(status),
        },
    }
}

/// The error for an answer to a request for a WebSocket.
pub(super) fn websocket_refused(error: Error) -> Error {
    let Some(reject) = error.reject().filter(|reject| reject.status() == 400) else {
        return error;
    };
    let body = reject.body();
    match EngineIoError::from_json(body).or_else(|| EngineIoError::from_text(body)) {
        Some(answer) if answer.code != FORBIDDEN => Error::with_source(ErrorKind::Protocol, answer),
        _ => error,
    }
}

/// The headers in memory of their own: a value of hyper is a part of its read buffer, and would
/// keep it alive.
pub(super) fn keep(headers: &HeaderMap) -> HeaderMap {
    let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
    let mut kept = HeaderMap::new();
    for (name, value) in headers {
        if let Some(value) = copy(value) {
            kept.append(name, value);
        }
    }
    kept
}

fn unexpected(status: StatusCode) -> Error {
    Error::with_message(ErrorKind::Protocol, format!("the server answered with status {status}"))
}

const FORBIDDEN: u8 = 4;

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn answer(status: u16, body: &'static str, make: fn(&Parts, Bytes) -> Error) -> Error {
        let (head, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
        make(&head, Bytes::from_static(body.as_bytes()))
    }

    fn code(error: &Error) -> Option<u8> {
        error.source()?.downcast_ref::<EngineIoError>().map(EngineIoError::code)
    }

    #[test]
    fn a_code_can_be_read_whoever_wrote_it() {
        for body in [
            r#"{"code":1,"message":"Session ID unknown"}"#,
            r#"{"message":"Session ID unknown","code":"1","more":[]}"#,
        ] {
            for make in [refused, broken] {
                let error = answer(400, body, make);
                assert_eq!((error.kind(), code(&error)), (ErrorKind::Protocol, Some(1)));
                let shown = error.source().unwrap().to_string();
                assert_eq!(shown, "the server answered with code 1: Session ID unknown");
            }
        }
    }

    #[test]
    fn a_refusal_keeps_status_and_message() {
        for (status, body, message) in [
            (403, r#"{"code":4,"message":"not you"}"#, "not you"),
            (401, "who?", "who?"),
            (404, "", ""),
            (503, r#"{"code":true,"message":""}"#, r#"{"code":true,"message":""}"#),
        ] {
            let error = answer(status, body, refused);
            let reject = error.reject().expect("a refusal");
            assert_eq!(
                (reject.status().as_u16(), &reject.body()[..]),
                (status, message.as_bytes())
            );
        }
        assert_eq!(answer(204, "", refused).kind(), ErrorKind::Protocol);
    }

    #[test]
    fn an_answer_that_ends_a_session_is_no_refusal_of_the_client() {
        for (status, kind) in [
            (400, ErrorKind::Protocol),
            (404, ErrorKind::Protocol),
            (413, ErrorKind::TooLarge),
            (401, ErrorKind::Rejected),
            (403, ErrorKind::Rejected),
            (502, ErrorKind::Rejected),
        ] {
            assert_eq!(answer(status, "", broken).kind(), kind, "{status}");
        }
    }

    #[test]
    fn a_websocket_that_cannot_be_is_told_from_one_that_may_not() {
        let refused = |status: u16, body: &'static str| {
            let status = StatusCode::from_u16(status).unwrap();
            websocket_refused(Reject::new(status, body).into())
        };
        assert_eq!(code(&refused(400, "Session ID unknown")), Some(1));
        assert_eq!(code(&refused(400, r#"{"code":"5","message":""}"#)), Some(5));
        assert_eq!(refused(400, "not you").reject().unwrap().body(), "not you");
        assert_eq!(refused(503, "Bad request").kind(), ErrorKind::Rejected);
    }
}
