//! What tells connections apart.

use std::fmt;
use std::sync::Arc;

/// The id of a connection, which its client learns by `primus.id(..)`. In the
/// [`Info`](plimsoll::Info) of each connection that came through [`Primus`](crate::Primus).
///
/// It has 128 bits from the operating system, in 22 letters, digits, `-` and `_`, unless
/// [`Primus::id_generator`](crate::Primus::id_generator) says otherwise.
///
/// A client over Engine.IO asks nobody: it takes the id of its Engine.IO session, another one.
/// That is the secret by which requests join the session, so it is not told to the application.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct PrimusId(Arc<str>);

impl PrimusId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PrimusId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PrimusId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrimusId").field(&self.as_str()).finish()
    }
}
