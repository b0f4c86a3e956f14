//! What a peer shows.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;

/// What a peer shows to be let in: a token, a key, a session id.
///
/// Clones are cheap. Its debug output leaves out the token.
///
/// ```
/// use plimsoll_auth::{Credential, Source};
///
/// let credential = Credential::new("s3cret", Source::Header);
/// assert_eq!(credential.token(), "s3cret");
/// assert_eq!(format!("{credential:?}"), "Credential { source: Header, .. }");
/// ```
#[derive(Clone)]
pub struct Credential {
    token: Arc<str>,
    source: Source,
}

impl Credential {
    /// Makes a credential, for tests of a [`Verifier`](crate::Verifier).
    pub fn new(token: impl Into<Arc<str>>, source: Source) -> Self {
        Self { token: token.into(), source }
    }

    /// The token itself. Keep it out of logs.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// How it came.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Whether the token is `expected`, in a time that tells the peer nothing but whether the
    /// lengths are equal.
    pub fn matches(&self, expected: &str) -> bool {
        self.token.as_bytes().ct_eq(expected.as_bytes()).into()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("source", &self.source).finish_non_exhaustive()
    }
}

/// How a credential came.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// In a cookie.
    Cookie,
    /// In the header `Authorization`.
    Header,
    /// In a message: the first one, or one that renews a credential.
    Message,
    /// In a query parameter.
    Query,
    /// In an offered subprotocol.
    Subprotocol,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_matches_only_the_whole_of_what_is_expected() {
        let credential = Credential::new("s3cret", Source::Header);
        assert!(credential.matches("s3cret"));
        for other in ["", "s3cre", "s3cret ", "S3cret"] {
            assert!(!credential.matches(other), "{other:?}");
        }
    }
}
