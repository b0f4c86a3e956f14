//! How a server turns requests away.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{StatusCode, header};
use plimsoll::Reject;
use serde::Serialize;

/// Why a request is turned away, with the codes of the reference implementation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    UnknownTransport,
    UnknownSid,
    /// Handshakes are made by GET only.
    BadHandshakeMethod,
    BadRequest,
    /// The application does not want the client. The message is for people.
    Forbidden(String),
    UnsupportedVersion,
}

impl Refusal {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSid => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden(_) => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSid => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden(message) if message.is_empty() => "Forbidden",
            Self::Forbidden(message) => message,
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::UnknownTransport
            | Self::UnknownSid
            | Self::BadHandshakeMethod
            | Self::BadRequest
            | Self::UnsupportedVersion => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer to a request that asks for no upgrade: code and message as JSON.
    pub(crate) fn json(&self) -> Reject {
        let json = Json { code: self.code(), message: self.message() };
        let json = serde_json::to_vec(&json).expect("a number and a string can be JSON");
        Reject::new(self.status(), json)
            .with_header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    /// The answer to a request for an upgrade: the message, and always 400.
    pub(crate) fn upgrade(&self) -> Reject {
        Reject::new(StatusCode::BAD_REQUEST, self.message().to_owned())
            .with_header(header::CONNECTION, HeaderValue::from_static("close"))
            .with_header(CONTENT_TYPE, HeaderValue::from_static("text/html"))
    }
}

#[derive(Serialize)]
struct Json<'a> {
    code: u8,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_the_reference_implementation() {
        for (refusal, status, json) in [
            (Refusal::UnknownTransport, 400, r#"{"code":0,"message":"Transport unknown"}"#),
            (Refusal::UnknownSid, 400, r#"{"code":1,"message":"Session ID unknown"}"#),
            (Refusal::BadHandshakeMethod, 400, r#"{"code":2,"message":"Bad handshake method"}"#),
            (Refusal::BadRequest, 400, r#"{"code":3,"message":"Bad request"}"#),
            (Refusal::Forbidden(String::new()), 403, r#"{"code":4,"message":"Forbidden"}"#),
            (Refusal::Forbidden("a \"b\"".into()), 403, r#"{"code":4,"message":"a \"b\""}"#),
            (
                Refusal::UnsupportedVersion,
                400,
                r#"{"code":5,"message":"Unsupported protocol version"}"#,
            ),
        ] {
            let answer = refusal.json();
            assert_eq!((answer.status().as_u16(), &answer.body()[..]), (status, json.as_bytes()));
            assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");

            let answer = refusal.upgrade();
            assert_eq!(
                (answer.status().as_u16(), &answer.body()[..]),
                (400, refusal.message().as_bytes())
            );
            assert_eq!(answer.headers()[header::CONNECTION], "close");
            assert_eq!(answer.headers()[CONTENT_TYPE], "text/html");
        }
    }
}
