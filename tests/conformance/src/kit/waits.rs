//! What each end waits for, to be told when a case hangs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What each end waits for, to be told when a case hangs.
#[derive(Default)]
pub(crate) struct Waits(Mutex<BTreeMap<&'static str, &'static str>>);

impl Waits {
    /// Notes that `end` waits for `what`, until the guard is dropped.
    pub(crate) fn note(self: &Arc<Self>, end: &'static str, what: &'static str) -> Waiting {
        self.lock().insert(end, what);
        Waiting { waits: Arc::clone(self), end }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, &'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (end, what) in &*self.lock() {
            write!(f, "; the {end} waits for {what}")?;
        }
        Ok(())
    }
}

/// An end that waits.
pub(crate) struct Waiting {
    waits: Arc<Waits>,
    end: &'static str,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.waits.lock().remove(self.end);
    }
}
