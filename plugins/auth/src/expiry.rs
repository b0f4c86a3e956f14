//! The end of a credential that is not renewed.

use plimsoll::{Error, ErrorKind, Filter, Flow};
use tokio::time::Instant;

/// Ends a connection when its credential expires.
pub(crate) struct Expiry(pub(crate) Instant);

impl Filter for Expiry {
    fn deadline(&self) -> Option<Instant> {
        Some(self.0)
    }

    fn expired(&mut self, _: Instant, _: &mut Flow) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Expired))
    }
}
