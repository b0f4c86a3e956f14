//! What can be set.

use std::fmt;
use std::time::Duration;

use plimsoll::{ConnectionId, Endpoint, Error};
use plimsoll_rooms::Rooms;
use tokio::sync::Semaphore;

use crate::Publish;
use crate::credential::Credential;
use crate::publish::Inner;

/// In which format requests and answers are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Dialect {
    /// That of omega-supreme, a plugin of Primus: see the [crate's documentation](crate).
    OmegaSupreme,
    /// This crate's own.
    #[default]
    Own,
}

/// Builds a [`Publish`].
#[must_use]
pub struct PublishBuilder {
    endpoint: Endpoint,
    rooms: Rooms,
    credentials: Vec<Credential>,
    dialect: Dialect,
    find: Box<Find>,
    limits: Limits,
}

impl PublishBuilder {
    pub(crate) fn new(endpoint: Endpoint, rooms: Rooms) -> Self {
        Self {
            endpoint,
            rooms,
            credentials: Vec::new(),
            dialect: Dialect::default(),
            find: Box::new(|id| id.parse().ok()),
            limits: Limits::default(),
        }
    }

    /// Lets in requests with this token: `Authorization: Bearer TOKEN` (RFC 6750). May be called
    /// for several, for example while one replaces another.
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.credentials.push(Credential::Bearer(token.into()));
        self
    }

    /// Lets in requests with this user and password (RFC 7617). May be called for several.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        // A colon in the user would be taken for the one that separates the two.
        let pair = if user.contains(':') { String::new() } else { format!("{user}:{password}") };
        self.credentials.push(Credential::Basic(pair));
        self
    }

    /// Sets the format of requests and answers. Default: [`Dialect::Own`].
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets what the id of a connection in a request means. Default: the number that
    /// [`ConnectionId`] displays.
    ///
    /// It is called once for each id, at most [`max_names`](Self::max_names) times for a request,
    /// and is expected to be quick.
    pub fn find_connection(
        mut self,
        find: impl Fn(&str) -> Option<ConnectionId> + Send + Sync + 'static,
    ) -> Self {
        self.find = Box::new(find);
        self
    }

    /// Sets how large the body of a request may be, in bytes. Default: 64 KiB. More than that is
    /// answered with status 413.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.limits.max_body = bytes;
        self
    }

    /// Sets how long the body of a request may take to arrive. Default: 10 s. After that the
    /// request is answered with status 408.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.limits.body_timeout = timeout;
        self
    }

    /// Sets how many rooms, patterns, topics and connections a request may name, exceptions
    /// included. Default: 1,000.
    pub fn max_names(mut self, max: usize) -> Self {
        self.limits.max_names = max;
        self
    }

    /// Sets how many patterns and topics a request may name; each is compared with the name of
    /// each room. Default: 16.
    pub fn max_patterns(mut self, max: usize) -> Self {
        self.limits.max_patterns = max;
        self
    }

    /// Sets how many requests may be under way at once, so that they hold at most so many times
    /// [`max_body`](Self::max_body). Default: 64. More are answered with status 503.
    pub fn max_requests(mut self, max: usize) -> Self {
        self.limits.max_requests = max;
        self
    }

    /// Checks the options and makes the service.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if there is no credential,
    /// or an option cannot work.
    pub fn build(self) -> Result<Publish, Error> {
        if self.credentials.is_empty() {
            let remedy = "anybody could send; set a token, or a user and a password by `basic`";
            return Err(Error::config("bearer", remedy));
        }
        self.credentials.iter().try_for_each(Credential::check)?;
        self.limits.check()?;
        let Self { endpoint, rooms, credentials, dialect, find, limits } = self;
        let room = Semaphore::new(limits.max_requests);
        Ok(Publish::new(Inner { endpoint, rooms, credentials, dialect, find, limits, room }))
    }
}

impl fmt::Debug for PublishBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishBuilder")
            .field("dialect", &self.dialect)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

pub(crate) type Find = dyn Fn(&str) -> Option<ConnectionId> + Send + Sync;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_body: usize,
    pub(crate) body_timeout: Duration,
    pub(crate) max_names: usize,
    pub(crate) max_patterns: usize,
    pub(crate) max_requests: usize,
}

impl Limits {
    fn check(&self) -> Result<(), Error> {
        let counts = [
            ("max_body", self.max_body),
            ("max_names", self.max_names),
            ("max_requests", self.max_requests),
        ];
        for (option, count) in counts {
            if count == 0 {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        if self.max_requests > Semaphore::MAX_PERMITS {
            return Err(Error::config("max_requests", "is more than can be counted"));
        }
        if self.body_timeout.is_zero() {
            return Err(Error::config("body_timeout", "must be longer than nothing"));
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body: 64 * 1024,
            body_timeout: Duration::from_secs(10),
            max_names: 1000,
            max_patterns: 16,
            max_requests: 64,
        }
    }
}
