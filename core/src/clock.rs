//! Times that cannot overflow.

use std::time::Duration;

use tokio::time::Instant;

/// The time `delay` after `start`. One beyond what the clock can tell is one that never comes.
pub(crate) fn after(start: Instant, delay: Duration) -> Instant {
    start.checked_add(delay).unwrap_or_else(|| start + FOREVER)
}

const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
