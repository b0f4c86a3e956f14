//! Who is connected, and who comes how fast.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::bucket::Bucket;
use crate::connection_limit::Options;
use crate::network::Network;
use crate::recent::Recent;
use crate::refusal::Refusal;
use crate::seat::Seat;

/// The counts of all connections. One lock, held for each handshake and each end only.
#[derive(Debug, Default)]
pub(crate) struct Census(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: u32,
    networks: HashMap<Network, u32>,
    keys: HashMap<String, u32>,
    handshakes: Option<Bucket>,
    recent: Recent,
}

impl Census {
    /// Lets a connection in, or says why not.
    ///
    /// What one address or one key may do comes first, so that one that is over its limits
    /// takes nothing from the others.
    pub(crate) fn enter(
        self: &Arc<Self>,
        options: &Options,
        network: Option<Network>,
        key: Option<String>,
    ) -> Result<Seat, Refusal> {
        let now = Instant::now();
        let mut counts = self.lock();
        if let (Some(network), Some(rate)) = (network, options.handshakes_per_address) {
            let bucket = counts.recent.bucket(network, rate, options.max_addresses, now);
            pay(bucket, now).map_err(|wait| busy("too many attempts from this address", wait))?;
        }
        let network = network.filter(|_| options.per_address.is_some());
        if is_full(&counts.networks, network.as_ref(), options.per_address) {
            return Err(busy("too many connections from this address", Duration::ZERO));
        }
        if is_full(&counts.keys, key.as_ref(), options.per_key) {
            return Err(busy("too many connections of this user", Duration::ZERO));
        }
        if let Some(rate) = options.handshakes {
            let bucket = counts.handshakes.get_or_insert_with(|| Bucket::full(rate, now));
            pay(bucket, now).map_err(|wait| unavailable("too many attempts", wait))?;
        }
        if options.total.is_some_and(|max| counts.total >= max) {
            return Err(unavailable("too many connections", Duration::ZERO));
        }
        counts.total += 1;
        if let Some(network) = network {
            *counts.networks.entry(network).or_default() += 1;
        }
        if let Some(key) = &key {
            *counts.keys.entry(key.clone()).or_default() += 1;
        }
        drop(counts);
        Ok(Seat::new(Arc::clone(self), network, key))
    }

    /// Takes a connection out that was let in with these.
    pub(crate) fn leave(&self, network: Option<&Network>, key: Option<&String>) {
        let mut counts = self.lock();
        counts.total = counts.total.saturating_sub(1);
        decrement(&mut counts.networks, network);
        decrement(&mut counts.keys, key);
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// # Errors
///
/// How long until there is a token, if there is none.
fn pay(bucket: &mut Bucket, now: Instant) -> Result<(), Duration> {
    let wait = bucket.wait(1, now);
    if !wait.is_zero() {
        return Err(wait);
    }
    bucket.spend(1);
    Ok(())
}

fn is_full<K: Eq + Hash>(counts: &HashMap<K, u32>, key: Option<&K>, max: Option<u32>) -> bool {
    let count = key.and_then(|key| counts.get(key));
    count.zip(max).is_some_and(|(count, max)| *count >= max)
}

fn decrement<K: Eq + Hash>(counts: &mut HashMap<K, u32>, key: Option<&K>) {
    let Some(key) = key else { return };
    match counts.get_mut(key) {
        Some(count) if *count > 1 => *count -= 1,
        Some(_) | None => drop(counts.remove(key)),
    }
}

fn busy(reason: &'static str, wait: Duration) -> Refusal {
    Refusal { status: StatusCode::TOO_MANY_REQUESTS, reason, wait }
}

fn unavailable(reason: &'static str, wait: Duration) -> Refusal {
    Refusal { status: StatusCode::SERVICE_UNAVAILABLE, reason, wait }
}
