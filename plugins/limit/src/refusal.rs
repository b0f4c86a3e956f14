//! What those are told who are turned away.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use plimsoll::Reject;

/// Why a peer is turned away, and how long that will be so at least.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: &'static str,
    pub(crate) wait: Duration,
}

impl From<Refusal> for Reject {
    /// Asks to wait a few seconds more at random, so that those who are turned away together do
    /// not come back together.
    fn from(refusal: Refusal) -> Self {
        let wait = u32::try_from(refusal.wait.as_secs()).unwrap_or(u32::MAX);
        let seconds = wait.saturating_add(fastrand::u32(1..=SPREAD));
        Self::new(refusal.status, refusal.reason)
            .with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }
}

/// How much more those who are turned away wait at most, in seconds.
const SPREAD: u32 = 5;
