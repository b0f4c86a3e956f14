//! What can be set.

use plimsoll::Error;

use crate::Faults;

/// How much connections hold, and how they fail.
///
/// ```
/// use plimsoll_memory::{Faults, Options};
///
/// let options = Options::default().capacity(4096).faults(Faults::seeded(7).lose_after(100));
/// assert!(options.check().is_ok());
/// assert!(Options::default().capacity(0).check().is_err());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How much may wait in each direction, in bytes. A frame counts its payload and 64 bytes.
    /// It may be exceeded by one frame, so that every frame can pass. Default: 64 KiB.
    pub capacity: usize,
    /// What goes wrong, at both ends. Default: nothing.
    pub faults: Option<Faults>,
}

impl Options {
    /// Sets how much may wait in each direction, in bytes.
    #[must_use]
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// Sets what goes wrong.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = Some(faults);
        self
    }

    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        if self.capacity == 0 {
            return Err(Error::config("capacity", "must be at least 1 byte"));
        }
        self.faults.as_ref().map_or(Ok(()), Faults::check)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { capacity: 64 * 1024, faults: None }
    }
}
