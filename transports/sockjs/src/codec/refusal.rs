use http::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use plimsoll::Reject;

use super::Malformed;

/// Why a request is refused. The answers are those of the reference server, byte for byte,
/// except for what it does not refuse.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    /// A body is not JSON.
    BrokenJson,
    /// A callback is not the name of a function.
    CallbackInvalid,
    /// A callback is missing.
    CallbackRequired,
    /// The path has other methods, here as for `Allow`.
    MethodNotAllowed(&'static str),
    /// There is no such path, the transport is off, or the session is unknown.
    NotFound,
    /// A request to the WebSocket does not ask for one.
    NotWebSocket,
    /// A body is not an array of strings.
    PayloadExpected,
    /// A body or a message in it is over a limit.
    TooLarge,
    /// A request asks for WebSocket in a version other than that of RFC 6455.
    WebSocketVersion,
}

impl Refusal {
    /// The answer. It also gets the caching and origin headers of its path.
    pub(crate) fn reject(self) -> Reject {
        let reject = Reject::new(self.status(), self.body());
        match self {
            Self::MethodNotAllowed(methods) => {
                reject.with_header(ALLOW, HeaderValue::from_static(methods))
            }
            Self::NotFound => reject
                .with_header(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8")),
            Self::NotWebSocket | Self::WebSocketVersion => {
                reject.with_header(CONNECTION, HeaderValue::from_static("close"))
            }
            Self::BrokenJson
            | Self::CallbackInvalid
            | Self::CallbackRequired
            | Self::PayloadExpected
            | Self::TooLarge => reject,
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BrokenJson
            | Self::CallbackInvalid
            | Self::CallbackRequired
            | Self::PayloadExpected => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotWebSocket | Self::WebSocketVersion => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    fn body(self) -> &'static str {
        match self {
            Self::BrokenJson => "Broken JSON encoding.",
            Self::CallbackInvalid => "invalid \"callback\" parameter",
            Self::CallbackRequired => "\"callback\" parameter required",
            Self::MethodNotAllowed(_) => "",
            Self::NotFound => "404 Error: Page not found\n",
            Self::NotWebSocket => "Not a valid websocket request",
            Self::PayloadExpected => "Payload expected.",
            Self::TooLarge => "Payload too large.",
            Self::WebSocketVersion => "Only supported WebSocket protocol is RFC 6455.",
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::BrokenJson => Self::BrokenJson,
            Malformed::NotStrings => Self::PayloadExpected,
            Malformed::TooLarge | Malformed::TooMany => Self::TooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_the_reference() {
        for (refusal, status, body) in [
            (Refusal::BrokenJson, 500, "Broken JSON encoding."),
            (Refusal::CallbackInvalid, 500, "invalid \"callback\" parameter"),
            (Refusal::CallbackRequired, 500, "\"callback\" parameter required"),
            (Refusal::MethodNotAllowed("GET"), 405, ""),
            (Refusal::NotFound, 404, "404 Error: Page not found\n"),
            (Refusal::NotWebSocket, 400, "Not a valid websocket request"),
            (Refusal::PayloadExpected, 500, "Payload expected."),
        ] {
            let reject = refusal.reject();
            assert_eq!(reject.status(), status);
            assert_eq!(reject.body(), body);
            let content_type = reject.headers().get(CONTENT_TYPE);
            assert_eq!(content_type.is_some(), refusal == Refusal::NotFound, "{refusal:?}");
        }
        let reject = Refusal::MethodNotAllowed("OPTIONS, GET").reject();
        assert_eq!(reject.headers()[ALLOW], "OPTIONS, GET");
    }
}
