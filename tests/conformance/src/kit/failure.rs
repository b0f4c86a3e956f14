//! Why a case fails.

use std::any::Any;
use std::fmt;

/// Why a case fails: at which end, what was expected, what came instead.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    pub(crate) fn new(end: &str, expected: impl fmt::Display, got: impl fmt::Display) -> Self {
        Self(format!("{end}: expected {expected}, got {got}"))
    }

    /// The failure of a transport that panicked.
    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Self(format!("panicked: {message}"))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(format!("{}; {}", self.0, other.0))
    }
}
