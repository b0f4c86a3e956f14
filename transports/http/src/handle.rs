//! A server as others see it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::signal::Signal;

/// Ends a server from elsewhere, and tells how it is. Clones are of the same server.
#[derive(Clone, Debug, Default)]
pub struct Handle {
    shutdown: Signal,
    deadline: Arc<OnceLock<Instant>>,
    panics: Arc<AtomicU64>,
}

impl Handle {
    /// Begins the shutdown, and returns at once.
    ///
    /// The server takes no more connections, idle ones are closed, and those that are in the
    /// middle of a request may finish it within `grace`. Then
    /// [`serve`](crate::BoundServer::serve) returns. Connections that were upgraded are not the
    /// server's any more: [`Endpoint::shutdown`](plimsoll::Endpoint::shutdown) closes them, over
    /// HTTP/2 best before this.
    ///
    /// A second call changes nothing.
    pub fn shutdown(&self, grace: Duration) {
        let now = Instant::now();
        // A deadline that cannot be told is one that never comes.
        let deadline = now.checked_add(grace).unwrap_or(now + FOREVER);
        let _ = self.deadline.set(deadline);
        self.shutdown.raise();
    }

    /// How many times the service has panicked. A panic ends the connection that the request came
    /// from; over HTTP/2 only its stream.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    pub(crate) fn count_panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for the beginning of the shutdown. Cancel safe.
    pub(crate) async fn begun(&self) {
        self.shutdown.raised().await;
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline.get().copied().unwrap_or_else(Instant::now)
    }
}

const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
