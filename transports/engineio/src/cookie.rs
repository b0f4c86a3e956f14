//! The cookie for load balancers.

use plimsoll::Error;

/// A cookie with the session's id, for load balancers that send all requests of a session to the
/// server that has it.
///
/// The server sets it with the first answer by polling, and never reads it.
///
/// ```
/// use plimsoll_engineio::{Cookie, SameSite};
///
/// let cookie = Cookie::new("io").path("/engine.io/").same_site(SameSite::Strict);
/// assert!(cookie.check().is_ok());
/// assert!(Cookie::new("my cookie").check().is_err());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cookie {
    /// The name. Default: `io`.
    pub name: String,
    /// Below which path a browser sends the cookie back. Default: `/`.
    pub path: String,
    /// Whether scripts are kept from the cookie. Default: yes, for the id is a secret.
    pub http_only: bool,
    /// Whether the cookie travels by HTTPS only. Default: no.
    pub secure: bool,
    /// With which requests from other sites a browser sends the cookie. Default:
    /// [`SameSite::Lax`].
    pub same_site: SameSite,
}

impl Cookie {
    /// Makes a cookie with a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Sets below which path a browser sends the cookie back.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets whether scripts are kept from the cookie.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Sets whether the cookie travels by HTTPS only.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Sets with which requests from other sites a browser sends the cookie.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Checks the cookie.
    ///
    /// # Errors
    ///
    /// Names what cannot work (RFC 6265, section 4.1.1).
    pub fn check(&self) -> Result<(), Error> {
        if self.name.is_empty() || !self.name.bytes().all(is_token) {
            return Err(Error::config("cookie", "the name must be letters, digits, `-` or `_`"));
        }
        if !self.path.starts_with('/') || !self.path.bytes().all(is_path) {
            let remedy = "the path must begin with `/` and be ASCII without `;` and spaces";
            return Err(Error::config("cookie", remedy));
        }
        if self.same_site == SameSite::None && !self.secure {
            return Err(Error::config("cookie", "`SameSite::None` needs `secure`"));
        }
        Ok(())
    }

    /// The value of the header `Set-Cookie`.
    pub(crate) fn header(&self, sid: &str) -> String {
        let mut header = format!("{}={sid}; Path={}", self.name, self.path);
        if self.http_only {
            header.push_str("; HttpOnly");
        }
        if self.secure {
            header.push_str("; Secure");
        }
        header.push_str(match self.same_site {
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
            SameSite::Strict => "; SameSite=Strict",
        });
        header
    }
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: "io".to_owned(),
            path: "/".to_owned(),
            http_only: true,
            secure: false,
            same_site: SameSite::Lax,
        }
    }
}

/// With which requests from other sites a browser sends a cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SameSite {
    /// When the user follows a link.
    Lax,
    /// With all. Browsers ask for [`Cookie::secure`] then.
    None,
    /// With none.
    Strict,
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b';'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_what_is_set() {
        assert_eq!(Cookie::default().header("s1"), "io=s1; Path=/; HttpOnly; SameSite=Lax");
        let cookie = Cookie::new("id").path("/a").http_only(false).secure(true);
        let cookie = cookie.same_site(SameSite::None);
        assert_eq!(cookie.header("s-_2"), "id=s-_2; Path=/a; Secure; SameSite=None");
        assert!(cookie.check().is_ok());
        assert!(Cookie::default().same_site(SameSite::Strict).header("").ends_with("=Strict"));
    }

    #[test]
    fn a_cookie_that_cannot_work_is_an_error() {
        for cookie in [
            Cookie::new(""),
            Cookie::new("a=b"),
            Cookie::new("a\r\nb"),
            Cookie::default().path(""),
            Cookie::default().path("/;x"),
            Cookie::default().path("/\u{e9}"),
            Cookie::default().same_site(SameSite::None),
        ] {
            let error = cookie.check().unwrap_err();
            assert!(error.to_string().contains("`cookie`"), "{error}");
        }
    }
}
