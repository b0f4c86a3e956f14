//! Who the peer is, as the application finds it.

use std::sync::{Arc, PoisonError, RwLock};

use plimsoll::{Info, Receiver, Sender, Socket};

/// Who the peer of a connection is, as of its latest credential. Stored in the connection's
/// [`Info`]; [`IdentityExt`] is the short way to it.
#[derive(Clone, Debug)]
pub struct Identity<I>(Arc<RwLock<I>>);

impl<I: Clone> Identity<I> {
    pub(crate) fn new(identity: I) -> Self {
        Self(Arc::new(RwLock::new(identity)))
    }

    /// The identity that the latest credential gave.
    pub fn now(&self) -> I {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, identity: I) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }
}

/// Tells who the peer of a connection is.
///
/// ```
/// use plimsoll::Endpoint;
/// use plimsoll_auth::IdentityExt;
///
/// #[derive(Clone)]
/// struct User {
///     name: String,
/// }
///
/// /// How many connections a user has.
/// fn connections(endpoint: &Endpoint, name: &str) -> usize {
///     let users = endpoint.senders().into_iter().filter_map(|peer| peer.identity::<User>());
///     users.filter(|user| user.name == name).count()
/// }
/// ```
pub trait IdentityExt {
    /// The identity that the latest credential of the peer gave. `None` if no
    /// [`Auth`](crate::Auth) whose verifier has identities of this type let the peer in.
    fn identity<I: Clone + Send + Sync + 'static>(&self) -> Option<I>;
}

impl IdentityExt for Info {
    fn identity<I: Clone + Send + Sync + 'static>(&self) -> Option<I> {
        self.get::<Identity<I>>().map(Identity::now)
    }
}

impl IdentityExt for Receiver {
    fn identity<I: Clone + Send + Sync + 'static>(&self) -> Option<I> {
        self.info().identity()
    }
}

impl IdentityExt for Sender {
    fn identity<I: Clone + Send + Sync + 'static>(&self) -> Option<I> {
        self.info().identity()
    }
}

impl IdentityExt for Socket {
    fn identity<I: Clone + Send + Sync + 'static>(&self) -> Option<I> {
        self.info().identity()
    }
}
