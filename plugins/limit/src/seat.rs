//! A connection's place among those that are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Extensions;

use crate::census::Census;
use crate::network::Network;

/// A place, given back once: when the connection ends, or when it was never opened and nothing
/// knows of it any more.
#[derive(Debug)]
pub(crate) struct Seat {
    census: Arc<Census>,
    network: Option<Network>,
    key: Option<String>,
    left: AtomicBool,
}

impl Seat {
    pub(crate) fn new(census: Arc<Census>, network: Option<Network>, key: Option<String>) -> Self {
        Self { census, network, key, left: AtomicBool::new(false) }
    }

    fn leave(&self) {
        if !self.left.swap(true, Ordering::AcqRel) {
            self.census.leave(self.network.as_ref(), self.key.as_ref());
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The places of one connection, one for each limit that counts it, kept in its
/// [`Info`](plimsoll::Info).
#[derive(Clone, Debug)]
pub(crate) struct Seats(Vec<Arc<Seat>>);

impl Seats {
    pub(crate) fn add(extensions: &mut Extensions, seat: Seat) {
        let mut seats = extensions.remove::<Self>().unwrap_or(Self(Vec::new()));
        seats.0.push(Arc::new(seat));
        extensions.insert(seats);
    }

    /// Gives all places back, though senders that outlive the connection still hold its info.
    pub(crate) fn leave(&self) {
        self.0.iter().for_each(|seat| seat.leave());
    }
}
