//! Client transports.

use std::fmt;

use async_trait::async_trait;
use http::{Extensions, HeaderMap};

use crate::{BoxDuplex, Error, Info, query};

/// Makes connections for one transport: what a [`Dialer`](crate::Dialer) chooses by the scheme
/// of a URL.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// The URL schemes that this connector serves, for example `ws` and `wss`.
    fn schemes(&self) -> &[&'static str];

    /// Checks the options, once, when the dialer is built.
    ///
    /// # Errors
    ///
    /// An [`Error::config`] names the option and the remedy.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Connects. The dialer sets the deadline, and drops the future if it passes.
    ///
    /// That the server takes up none of the offered subprotocols is no error.
    ///
    /// # Errors
    ///
    /// A refusal by the server is an error made of a [`Reject`](crate::Reject).
    async fn connect(&self, dial: Dial) -> Result<Connected, Error>;
}

/// A request for a connection.
#[derive(Clone)]
pub struct Dial {
    url: String,
    /// Headers for the handshake.
    pub headers: HeaderMap,
    /// Subprotocols to offer, most wanted first.
    pub protocols: Vec<String>,
    /// Settings for one kind of transport.
    pub extensions: Extensions,
}

impl Dial {
    /// Makes a request for a connection to `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: HeaderMap::new(),
            protocols: Vec::new(),
            extensions: Extensions::new(),
        }
    }

    /// Adds a query parameter, encoded, which every transport can carry.
    pub fn add_query(&mut self, name: &str, value: &str) {
        query::append(&mut self.url, name, value);
    }

    /// Where to connect to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL's scheme: what is before the first colon.
    pub fn scheme(&self) -> &str {
        self.url.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// What follows the scheme, its colon and two slashes, if there are two.
    pub fn after_scheme(&self) -> &str {
        let rest = self.url.split_once(':').map_or("", |(_, rest)| rest);
        rest.strip_prefix("//").unwrap_or(rest)
    }
}

impl From<&str> for Dial {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<&String> for Dial {
    fn from(url: &String) -> Self {
        Self::new(url)
    }
}

impl From<String> for Dial {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

impl fmt::Debug for Dial {
    /// Leaves out the query and the headers, where credentials are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("Dial").field("url", &url).finish_non_exhaustive()
    }
}

/// An established connection without a driver.
pub struct Connected {
    /// The connection.
    pub io: BoxDuplex,
    /// What is known of it.
    pub info: Info,
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").field("info", &self.info).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_at_its_scheme() {
        for (url, scheme, rest) in [
            ("ws://host/path", "ws", "host/path"),
            ("sockjs+http://host/path", "sockjs+http", "host/path"),
            ("tcp://127.0.0.1:1", "tcp", "127.0.0.1:1"),
            ("unix:/run/app.sock", "unix", "/run/app.sock"),
            ("unix:///run/app.sock", "unix", "/run/app.sock"),
            ("mem:here", "mem", "here"),
            ("nothing", "", ""),
        ] {
            let dial = Dial::new(url);
            assert_eq!((dial.scheme(), dial.after_scheme()), (scheme, rest));
        }
    }

    #[test]
    fn a_token_does_not_show_in_debug_output() {
        let mut dial = Dial::new("ws://host/path");
        dial.add_query("token", "secret");
        dial.headers.insert("authorization", "Bearer secret".parse().unwrap());
        assert!(dial.url().ends_with("?token=secret"));
        assert!(!format!("{dial:?}").contains("secret"));
    }
}
