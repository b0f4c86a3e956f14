//! The time to the peer and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll::{Info, Receiver, Sender, Socket};

/// The time to the peer and back, as it was measured last. Stored in the connection's
/// [`Info`]; [`RoundTripExt`] is the short way to it.
///
/// ```
/// use std::time::Duration;
///
/// use plimsoll::Info;
/// use plimsoll_heartbeat::RoundTrip;
///
/// fn is_far(info: &Info) -> bool {
///     let time = info.get::<RoundTrip>().and_then(RoundTrip::last);
///     time.is_some_and(|time| time > Duration::from_millis(200))
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct RoundTrip {
    /// Zero stands for none.
    nanos: Arc<AtomicU64>,
}

impl RoundTrip {
    /// The latest time, or `None` until the first answer has come.
    ///
    /// It includes the time for which the question or the answer waits behind other messages,
    /// here and at the peer.
    pub fn last(&self) -> Option<Duration> {
        let nanos = self.nanos.load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    pub(crate) fn set(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.nanos.store(nanos, Ordering::Relaxed);
    }
}

/// Reads the round-trip time of a connection.
pub trait RoundTripExt {
    /// The latest round-trip time. `None` until the first answer has come, and where
    /// [`Heartbeat`](crate::Heartbeat) sends nothing.
    ///
    /// On a client that [keeps connected](plimsoll::Dialer::keep_connected) it is that of the
    /// first connection.
    fn round_trip(&self) -> Option<Duration>;
}

impl RoundTripExt for Info {
    fn round_trip(&self) -> Option<Duration> {
        self.get::<RoundTrip>()?.last()
    }
}

impl RoundTripExt for Receiver {
    fn round_trip(&self) -> Option<Duration> {
        self.info().round_trip()
    }
}

impl RoundTripExt for Sender {
    fn round_trip(&self) -> Option<Duration> {
        self.info().round_trip()
    }
}

impl RoundTripExt for Socket {
    fn round_trip(&self) -> Option<Duration> {
        self.info().round_trip()
    }
}
