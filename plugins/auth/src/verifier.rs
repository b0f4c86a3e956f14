//! Who decides on credentials.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll::Error;
use tokio::time::{Instant, timeout};

use crate::{Credential, Denied, Grant};

/// Decides whether a credential is good, and whose it is.
///
/// An async function of a [`Credential`] is one:
///
/// ```
/// use plimsoll_auth::{Auth, Credential, Denied, Grant};
///
/// let auth = Auth::new(async |credential: Credential| match credential.matches("s3cret") {
///     true => Ok(Grant::new("the one who knows")),
///     false => Err(Denied::invalid("unknown token")),
/// });
/// # drop(auth);
/// ```
///
/// Verifiers can be made of verifiers, for example to look up the user that a token names, or to
/// accept tokens by an old key and by a new one:
///
/// ```
/// use plimsoll_auth::{Credential, Denied, Grant, Verifier};
///
/// struct Rotating<V> {
///     new: V,
///     old: V,
/// }
///
/// #[async_trait::async_trait]
/// impl<V: Verifier> Verifier for Rotating<V> {
///     type Identity = V::Identity;
///
///     async fn verify(&self, credential: Credential) -> Result<Grant<V::Identity>, Denied> {
///         match self.new.verify(credential.clone()).await {
///             Ok(grant) => Ok(grant),
///             Err(_) => self.old.verify(credential).await,
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Verifier: Send + Sync + 'static {
    /// What the application knows a peer by.
    type Identity: Clone + Send + Sync + 'static;

    /// Checks the options, once, when the endpoint is built.
    ///
    /// # Errors
    ///
    /// An [`Error::config`] names the option and the remedy.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Verifies a credential. The future is dropped if the peer goes away or the time is up, so
    /// it must be cancel safe.
    ///
    /// # Errors
    ///
    /// [`Denied`] says what the peer is told.
    async fn verify(&self, credential: Credential) -> Result<Grant<Self::Identity>, Denied>;
}

#[async_trait]
impl<V, F, I> Verifier for V
where
    V: Fn(Credential) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Grant<I>, Denied>> + Send + 'static,
    I: Clone + Send + Sync + 'static,
{
    type Identity = I;

    async fn verify(&self, credential: Credential) -> Result<Grant<I>, Denied> {
        self(credential).await
    }
}

/// A verifier with the limits under which it is asked.
pub(crate) struct Gate<V> {
    pub(crate) verifier: Arc<V>,
    pub(crate) max_bytes: usize,
    pub(crate) timeout: Duration,
}

impl<V: Verifier> Gate<V> {
    pub(crate) async fn verify(
        &self,
        credential: Credential,
    ) -> Result<Grant<V::Identity>, Denied> {
        if credential.token().len() > self.max_bytes {
            return Err(Denied::malformed("the credential is too long"));
        }
        let verified = timeout(self.timeout, self.verifier.verify(credential)).await;
        let grant = verified.unwrap_or_else(|_| Err(Denied::unavailable()))?;
        if grant.expires.is_some_and(|expires| expires <= Instant::now()) {
            return Err(Denied::invalid("the credential has expired"));
        }
        Ok(grant)
    }
}

impl<V> Clone for Gate<V> {
    fn clone(&self) -> Self {
        Self { verifier: Arc::clone(&self.verifier), ..*self }
    }
}
