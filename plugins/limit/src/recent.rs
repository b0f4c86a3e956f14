//! The buckets of addresses that came lately.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::bucket::{Bucket, Rate};
use crate::network::Network;

/// A bucket for each address, as long as it may differ from a full one.
///
/// There are two generations. When the present one is as old as a bucket takes to fill, or has
/// no more room, it becomes the past one, and the past one is forgotten: a bound on memory
/// without ever looking through all addresses.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    present: HashMap<Network, Bucket>,
    past: HashMap<Network, Bucket>,
    began: Option<Instant>,
}

impl Recent {
    /// The bucket of `network`. There are at most `max` in all.
    pub(crate) fn bucket(
        &mut self,
        network: Network,
        rate: Rate,
        max: usize,
        now: Instant,
    ) -> &mut Bucket {
        let began = *self.began.get_or_insert(now);
        let is_old = now.saturating_duration_since(began) >= rate.fill_time();
        let known = self.present.remove(&network).or_else(|| self.past.remove(&network));
        if is_old || self.present.len() >= max / 2 {
            self.past = std::mem::take(&mut self.present);
            self.began = Some(now);
        }
        let bucket = known.unwrap_or_else(|| Bucket::full(rate, now));
        self.present.entry(network).or_insert(bucket)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory() {
        let (mut recent, rate, now) = (Recent::default(), Rate::new(1, 10), Instant::now());
        for address in 0..10_000 {
            recent.bucket(network(address), rate, 100, now).spend(1);
            assert!(recent.present.len() + recent.past.len() <= 100);
        }
    }

    #[test]
    fn a_bucket_is_kept_until_it_is_full_again() {
        let (mut recent, rate, start) = (Recent::default(), Rate::new(1, 10), Instant::now());
        recent.bucket(network(1), rate, 100, start);
        recent.bucket(network(2), rate, 100, start + Duration::from_secs(9)).spend(10);
        for second in 10..18 {
            let now = start + Duration::from_secs(second);
            let wait = recent.bucket(network(2), rate, 100, now).wait(10, now);
            assert_eq!(wait, Duration::from_secs(19 - second), "after {second} s");
        }
        let now = start + Duration::from_secs(60);
        recent.bucket(network(3), rate, 100, now);
        recent.bucket(network(3), rate, 100, now + Duration::from_secs(10));
        assert_eq!((recent.present.len(), recent.past.len()), (1, 0));
    }

    fn network(address: u32) -> Network {
        Network::new(Ipv4Addr::from(address).into(), 64)
    }
}
