//! Who may send.

use data_encoding::BASE64;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use plimsoll::Error;
use subtle::{Choice, ConstantTimeEq};

/// What a request may show in the header `Authorization`.
pub(crate) enum Credential {
    /// A user and a password, `user:password` (RFC 7617).
    Basic(String),
    /// A token (RFC 6750).
    Bearer(String),
}

impl Credential {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Basic(pair) => {
                let (user, password) = pair.split_once(':').unwrap_or_default();
                if user.is_empty() || password.is_empty() || pair.chars().any(char::is_control) {
                    let remedy = "needs a user without a colon and a password, both of \
                                  characters that can be typed";
                    return Err(Error::config("basic", remedy));
                }
            }
            Self::Bearer(token) => {
                if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                    let remedy = "needs a token of visible ASCII characters, for example 32 \
                                  random bytes in hexadecimal";
                    return Err(Error::config("bearer", remedy));
                }
            }
        }
        Ok(())
    }

    /// How a client is asked for it (RFC 9110, section 11.6.1).
    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Basic(_) => "Basic realm=\"publish\", charset=\"UTF-8\"",
            Self::Bearer(_) => "Bearer realm=\"publish\"",
        })
    }

    fn scheme(&self) -> &'static str {
        match self {
            Self::Basic(_) => "Basic",
            Self::Bearer(_) => "Bearer",
        }
    }

    /// Compares in a time that tells nothing but whether the lengths are equal.
    fn matches(&self, shown: &Shown<'_>) -> Choice {
        let is_scheme = Choice::from(u8::from(shown.scheme.eq_ignore_ascii_case(self.scheme())));
        is_scheme
            & match self {
                Self::Basic(pair) => shown.decoded.ct_eq(pair.as_bytes()),
                Self::Bearer(token) => shown.value.as_bytes().ct_eq(token.as_bytes()),
            }
    }
}

/// Whether a request shows one of the credentials. All are compared, whichever it is.
pub(crate) fn is_authorized(credentials: &[Credential], headers: &HeaderMap) -> bool {
    let Some(shown) = Shown::in_headers(headers) else { return false };
    let none = Choice::from(0);
    credentials.iter().fold(none, |found, credential| found | credential.matches(&shown)).into()
}

/// How to ask for any of the credentials: each scheme once.
pub(crate) fn challenges(credentials: &[Credential]) -> Vec<HeaderValue> {
    let mut challenges: Vec<_> = credentials.iter().map(Credential::challenge).collect();
    challenges.sort();
    challenges.dedup();
    challenges
}

/// What a request shows.
struct Shown<'a> {
    scheme: &'a str,
    value: &'a str,
    /// The value, if it is Base64, decoded.
    decoded: Vec<u8>,
}

impl<'a> Shown<'a> {
    fn in_headers(headers: &'a HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let (line, None) = (lines.next()?, lines.next()) else { return None };
        let (scheme, value) = line.to_str().ok()?.split_once(' ')?;
        let value = value.trim();
        let decoded = BASE64.decode(value.as_bytes()).unwrap_or_default();
        Some(Self { scheme, value, decoded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_in(lines: &[&[u8]]) -> bool {
        let credentials = [
            Credential::Bearer("s3cret".into()),
            Credential::Basic("omega:supreme:é".into()),
            Credential::Bearer("old".into()),
        ];
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(line).unwrap());
        }
        is_authorized(&credentials, &headers)
    }

    #[test]
    fn any_of_the_credentials_lets_in() {
        let basic = format!("Basic {}", BASE64.encode("omega:supreme:é".as_bytes()));
        for line in ["Bearer s3cret", "bearer old", "BEARER  s3cret", &basic] {
            assert!(lets_in(&[line.as_bytes()]), "{line}");
        }
    }

    #[test]
    fn nothing_else_does() {
        let basic = BASE64.encode(b"omega:supreme:\xc3\xa9");
        for line in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cre",
            "Bearer s3crets",
            "Basic s3cret",
            "s3cret",
            &format!("Bearer {basic}"),
            &format!("Basic {}", BASE64.encode(b"omega:")),
            "Basic omega:supreme:x",
            "Basic !",
            "Basic ",
            "Basic",
        ] {
            assert!(!lets_in(&[line.as_bytes()]), "{line}");
        }
        assert!(!lets_in(&[]));
        assert!(!lets_in(&[b"Bearer \xff"]));
        assert!(!lets_in(&[b"Bearer s3cret", b"Bearer s3cret"]), "two say nothing clear");
    }

    #[test]
    fn a_credential_that_cannot_work_is_refused() {
        for credential in ["", ":", "a:", ":b", "a", "a:b\n"] {
            assert!(Credential::Basic(credential.into()).check().is_err(), "{credential:?}");
        }
        for token in ["", "a b", "é", "a\n"] {
            assert!(Credential::Bearer(token.into()).check().is_err(), "{token:?}");
        }
    }
}
