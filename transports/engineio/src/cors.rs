//! Which pages of other origins may read the answers.

use plimsoll::{Error, Origins};

/// Which pages of other origins a browser lets read the answers (the CORS protocol of the Fetch
/// Standard).
///
/// This is for polling: browsers do not apply it to WebSockets. Who may connect at all is up to
/// the [`Origins`] of the HTTP service, which has to allow these pages, too.
///
/// ```
/// use plimsoll_engineio::Cors;
///
/// assert!(Cors::list(["https://chat.example"]).with_credentials().check().is_ok());
/// assert!(Cors::any().with_credentials().check().is_err());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cors {
    /// `None` for any.
    origins: Option<Vec<String>>,
    credentials: bool,
}

impl Cors {
    /// Pages of any origin, without their cookies.
    pub fn any() -> Self {
        Self { origins: None, credentials: false }
    }

    /// Pages of these origins, each with scheme, host and port, as in `https://chat.example`.
    pub fn list<O: Into<String>>(origins: impl IntoIterator<Item = O>) -> Self {
        let origins = origins.into_iter().map(Into::into).collect();
        Self { origins: Some(origins), credentials: false }
    }

    /// Lets the pages send cookies and other credentials. For a [list](Self::list) only.
    #[must_use]
    pub fn with_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// Checks that each listed origin is one, and that there are no credentials for any origin.
    ///
    /// # Errors
    ///
    /// Names what cannot work.
    pub fn check(&self) -> Result<(), Error> {
        let Some(origins) = &self.origins else {
            if self.credentials {
                return Err(Error::config("cors", "credentials need a list of origins"));
            }
            return Ok(());
        };
        if origins.is_empty() {
            return Err(Error::config("cors", "list an origin, or leave `cors` out"));
        }
        for origin in origins {
            if Origins::list([origin.as_str()]).check().is_err() {
                let remedy = format!("`{origin}` is no origin; write it as `https://host:port`");
                return Err(Error::config("cors", remedy));
            }
        }
        Ok(())
    }

    /// What to answer as `Access-Control-Allow-Origin` to a request with this `Origin`.
    pub(crate) fn allow_origin<'a>(&self, origin: Option<&'a str>) -> Option<&'a str> {
        match &self.origins {
            None => Some("*"),
            Some(origins) => origin.filter(|origin| origins.iter().any(|listed| listed == origin)),
        }
    }

    /// Whether to answer with `Access-Control-Allow-Credentials: true`.
    pub(crate) fn credentials(&self) -> bool {
        self.credentials
    }

    /// Whether answers depend on the `Origin` of the request and have to say so by `Vary`.
    pub(crate) fn varies(&self) -> bool {
        self.origins.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_are_reflected() {
        let cors = Cors::list(["https://a.example", "http://b.example:8080"]).with_credentials();
        assert!(cors.credentials() && cors.varies());
        for (origin, allowed) in [
            (Some("https://a.example"), Some("https://a.example")),
            (Some("http://b.example:8080"), Some("http://b.example:8080")),
            (Some("https://evil-a.example"), None),
            (Some("null"), None),
            (None, None),
        ] {
            assert_eq!(cors.allow_origin(origin), allowed);
        }
        assert_eq!(Cors::any().allow_origin(Some("https://c.example")), Some("*"));
        assert!(!Cors::any().credentials() && !Cors::any().varies());
    }

    #[test]
    fn what_cannot_work_is_an_error() {
        for cors in [
            Cors::any().with_credentials(),
            Cors::list(["a.example"]),
            Cors::list(["https://a.example/"]),
            Cors::list(["*"]),
            Cors::list::<String>([]),
        ] {
            let error = cors.check().unwrap_err();
            assert!(error.to_string().contains("`cors`"), "{error}");
        }
        assert!(Cors::any().check().is_ok());
    }
}
