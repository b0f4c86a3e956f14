//! What a verifier answers for a good credential.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Who a peer is, and for how long that holds.
///
/// ```
/// use std::time::Duration;
///
/// use plimsoll_auth::Grant;
///
/// #[derive(Clone)]
/// struct User {
///     name: String,
/// }
///
/// let user = User { name: "ann".to_owned() };
/// let grant = Grant::new(user).subject("ann").valid_for(Duration::from_secs(900));
/// assert_eq!(grant.identity().name, "ann");
/// ```
#[derive(Clone, Debug)]
pub struct Grant<I> {
    pub(crate) identity: I,
    pub(crate) subject: Option<Arc<str>>,
    pub(crate) expires: Option<Instant>,
}

impl<I> Grant<I> {
    /// Grants access as `identity`, for as long as the connection lasts.
    pub fn new(identity: I) -> Self {
        Self { identity, subject: None, expires: None }
    }

    /// Names the user, by what never changes: an id. Needed if the credential is to be renewed
    /// in the life of the connection: the new one must be of the same subject. Default: none.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<Arc<str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets how long the credential is still valid, from now. Default: without end.
    ///
    /// The time is measured by a monotonic clock: setting the system's clock changes nothing.
    #[must_use]
    pub fn valid_for(mut self, time: Duration) -> Self {
        self.expires = Instant::now().checked_add(time);
        self
    }

    /// Sets when the credential expires by the system's clock, which is read now and not again.
    #[must_use]
    pub fn expires_at(self, time: SystemTime) -> Self {
        self.valid_for(time.duration_since(SystemTime::now()).unwrap_or_default())
    }

    /// The same grant for another form of the identity, for example the user that the claims of
    /// a token lead to.
    pub fn map<J>(self, map: impl FnOnce(I) -> J) -> Grant<J> {
        let Self { identity, subject, expires } = self;
        Grant { identity: map(identity), subject, expires }
    }

    /// Who the peer is.
    pub fn identity(&self) -> &I {
        &self.identity
    }
}
