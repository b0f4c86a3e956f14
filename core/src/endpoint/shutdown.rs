use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::Endpoint;
use crate::clock::after;
use crate::{Close, CloseCode};

/// How an endpoint shuts down: see [`Endpoint::shutdown`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shutdown {
    /// What clients are told. Default: [`CloseCode::GOING_AWAY`], "shutting down", which asks
    /// them to come back.
    pub close: Close,
    /// How long closing and the handlers may take. Default: 30 s.
    pub grace: Duration,
    /// How many connections are closed at once. Default: 1,000.
    pub batch: usize,
    /// The pause between two batches. Default: 50 ms.
    pub pause: Duration,
    /// Clients that may come back are each asked to wait for a random time up to this one, so
    /// that they do not all come at once. Default: 5 s. Zero asks for nothing.
    pub spread: Duration,
}

impl Shutdown {
    /// Sets what clients are told.
    #[must_use]
    pub fn close(mut self, close: Close) -> Self {
        self.close = close;
        self
    }

    /// Sets how long closing and the handlers may take.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how many connections are closed at once.
    #[must_use]
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// Sets the pause between two batches.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Sets over how much time clients are asked to come back.
    #[must_use]
    pub fn spread(mut self, spread: Duration) -> Self {
        self.spread = spread;
        self
    }

    /// What one client is told.
    pub(super) fn close_for_one(&self) -> Close {
        let close = self.close.clone();
        if self.spread.is_zero() || !close.code.may_reconnect() {
            return close;
        }
        close.retry_after(self.spread.mul_f64(fastrand::f64()))
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            close: Close::new(CloseCode::GOING_AWAY, "shutting down"),
            grace: Duration::from_secs(30),
            batch: 1000,
            pause: Duration::from_millis(50),
            spread: Duration::from_secs(5),
        }
    }
}

impl Endpoint {
    /// Shuts down: turns new connections away with status 503, closes the open ones in batches,
    /// and waits for their handlers. Those that have not ended after the grace time are dropped:
    /// at the next point where they wait, for which it waits a second. Returns how many were.
    ///
    /// Not cancel safe: what has begun stays, nothing goes on.
    pub async fn shutdown(&self, shutdown: Shutdown) -> usize {
        let deadline = after(Instant::now(), shutdown.grace);
        self.inner.closing.send_replace(Some(shutdown.clone()));
        for batch in self.senders().chunks(shutdown.batch.max(1)) {
            batch.iter().for_each(|peer| peer.close(shutdown.close_for_one()));
            if after(Instant::now(), shutdown.pause) < deadline {
                sleep(shutdown.pause).await;
            }
        }
        let all = self.inner.options.max_connections;
        if timeout_at(deadline, self.inner.room.acquire_many(all)).await.is_ok() {
            return 0;
        }
        let free = self.inner.room.available_permits();
        let left = (all as usize).saturating_sub(free);
        self.inner.killed.send_replace(true);
        self.senders().iter().for_each(|peer| peer.shared.kill());
        // A handler that blocks its thread cannot be dropped.
        let _ = timeout(DROPPING, self.inner.room.acquire_many(all)).await;
        left
    }
}

/// How long connections that are dropped may take for it.
const DROPPING: Duration = Duration::from_secs(1);
