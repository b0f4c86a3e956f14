//! An event as it came.

use plimsoll::Error;
use serde::de::DeserializeOwned;

use crate::arguments::Arguments;

/// An event that came, for handlers that do not know its name before: see
/// [`EventsBuilder::fallback`](crate::EventsBuilder::fallback).
#[derive(Clone, Debug)]
pub struct Event {
    name: String,
    arguments: Arguments,
}

impl Event {
    pub(crate) fn new(name: String, arguments: Arguments) -> Self {
        Self { name, arguments }
    }

    /// The event's name, as the peer chose it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The arguments: see [`Dialect`](crate::Dialect) for how a list becomes a `T`.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`](plimsoll::ErrorKind::Codec) if they are no `T`.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.arguments.decode()
    }
}
