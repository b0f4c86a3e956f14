//! What a verifier answers for a bad credential.

use std::{error, fmt};

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use plimsoll::Reject;

/// Why a credential is not accepted, and with what status the peer is told.
///
/// | | status | `error` of the challenge (RFC 6750, section 3.1) |
/// |---|---|---|
/// | there is no credential | 401 | none |
/// | it is malformed, or too long | 400 | `invalid_request` |
/// | [`invalid`](Self::invalid) | 401 | `invalid_token` |
/// | [`insufficient`](Self::insufficient) | 403 | `insufficient_scope` |
/// | [`unavailable`](Self::unavailable) | 503, `Retry-After: 5` | no challenge |
///
/// Where there is no HTTP, the connection is closed with 4000 more than the status.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Denied {
    kind: Kind,
    description: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Insufficient,
    Invalid,
    Malformed,
    Missing,
    Unavailable,
}

impl Denied {
    /// The credential is not, or no longer, valid. The peer reads the description, of which it
    /// gets at most 100 characters, those of printable ASCII without quotes and backslashes.
    pub fn invalid(description: &str) -> Self {
        Self::new(Kind::Invalid, description)
    }

    /// The credential is valid, but does not suffice to connect. The peer reads the description,
    /// as for [`invalid`](Self::invalid).
    pub fn insufficient(description: &str) -> Self {
        Self::new(Kind::Insufficient, description)
    }

    /// Whether the credential is valid cannot be told now, for example because a database is
    /// down. The peer is asked to come back in 5 seconds; the cause is for the verifier to log.
    pub fn unavailable() -> Self {
        Self::new(Kind::Unavailable, UNAVAILABLE)
    }

    pub(crate) fn malformed(description: &str) -> Self {
        Self::new(Kind::Malformed, description)
    }

    pub(crate) fn missing() -> Self {
        Self::new(Kind::Missing, "a credential is needed")
    }

    /// The refusal, with a challenge for `realm` (RFC 6750, section 3).
    pub(crate) fn reject(&self, realm: &str) -> Reject {
        let (status, error) = match self.kind {
            Kind::Insufficient => (StatusCode::FORBIDDEN, Some("insufficient_scope")),
            Kind::Invalid => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
            Kind::Malformed => (StatusCode::BAD_REQUEST, Some("invalid_request")),
            Kind::Missing => (StatusCode::UNAUTHORIZED, None),
            Kind::Unavailable => return Reject::unavailable(UNAVAILABLE, RETRY_SECONDS),
        };
        let mut challenge = format!("Bearer realm=\"{realm}\"");
        if let Some(error) = error {
            let description = &self.description;
            challenge += &format!(", error=\"{error}\", error_description=\"{description}\"");
        }
        let reject = Reject::new(status, self.description.clone());
        match HeaderValue::try_from(challenge) {
            Ok(challenge) => reject.with_header(WWW_AUTHENTICATE, challenge),
            Err(_) => reject,
        }
    }

    fn new(kind: Kind, description: &str) -> Self {
        let kept = description.chars().filter(|char| is_quotable(*char)).take(MAX_DESCRIPTION);
        Self { kind, description: kept.collect() }
    }
}

impl error::Error for Denied {}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

/// Whether a character may stand between the quotes of a challenge (RFC 6750, section 3).
pub(crate) fn is_quotable(char: char) -> bool {
    matches!(char, ' '..='~') && !matches!(char, '"' | '\\')
}

const MAX_DESCRIPTION: usize = 100;
const RETRY_SECONDS: u32 = 5;
const UNAVAILABLE: &str = "credentials cannot be verified now";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_status_and_challenge() {
        for (denied, status, challenge) in [
            (Denied::missing(), 401, Some("Bearer realm=\"app\"")),
            (
                Denied::malformed("twice"),
                400,
                Some(
                    "Bearer realm=\"app\", error=\"invalid_request\", error_description=\"twice\"",
                ),
            ),
            (
                Denied::invalid("revoked"),
                401,
                Some(
                    "Bearer realm=\"app\", error=\"invalid_token\", error_description=\"revoked\"",
                ),
            ),
            (
                Denied::insufficient("read only"),
                403,
                Some(
                    "Bearer realm=\"app\", error=\"insufficient_scope\", \
                     error_description=\"read only\"",
                ),
            ),
            (Denied::unavailable(), 503, None),
        ] {
            let reject = denied.reject("app");
            assert_eq!(reject.status(), status);
            let header = reject.headers().get(WWW_AUTHENTICATE);
            assert_eq!(header.map(|header| header.to_str().unwrap()), challenge);
            assert_eq!(reject.may_retry(), status == 503);
        }
    }

    #[test]
    fn a_description_cannot_leave_its_quotes() {
        let denied = Denied::invalid("a\", error=\"none\r\nset-cookie: \\é");
        assert_eq!(denied.to_string(), "a, error=noneset-cookie: ");
        assert_eq!(Denied::invalid(&"x".repeat(1000)).to_string().len(), MAX_DESCRIPTION);
    }
}
