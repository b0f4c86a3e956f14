//! The token bucket.

use std::time::Duration;

use plimsoll::Error;
use tokio::time::Instant;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    per_second: f64,
    burst: u32,
}

impl Rate {
    pub(crate) fn new(per_second: impl Into<f64>, burst: u32) -> Self {
        Self { per_second: per_second.into(), burst }
    }

    pub(crate) fn check(&self, option: &str) -> Result<(), Error> {
        if !(MIN_PER_SECOND..=MAX_PER_SECOND).contains(&self.per_second) {
            return Err(Error::config(option, "the rate must be from 0.001 to 1e9 per second"));
        }
        if self.burst == 0 {
            return Err(Error::config(option, "the burst must be at least 1"));
        }
        Ok(())
    }

    /// How long an empty bucket takes to be full.
    pub(crate) fn fill_time(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.burst) / self.per_second)
    }

    fn units_per_nanosecond(&self) -> i128 {
        (self.per_second * NANOS_PER_SECOND).round() as i128
    }

    fn capacity(&self) -> i128 {
        i128::from(self.burst) * TOKEN
    }
}

/// Tokens that come at a constant rate, up to the burst.
///
/// It counts in whole units of 10⁻¹⁸ tokens, so that nothing is lost to rounding however often
/// it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// How many units come in a nanosecond.
    gain: i128,
    capacity: i128,
    /// Below zero while tokens are owed.
    units: i128,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        let (gain, capacity) = (rate.units_per_nanosecond(), rate.capacity());
        Self { gain, capacity, units: capacity, filled: now }
    }

    /// How long until there are `tokens`; zero if there are. No longer than a day: who waits
    /// asks again.
    pub(crate) fn wait(&mut self, tokens: u64, now: Instant) -> Duration {
        self.fill(now);
        let lacking = i128::from(tokens) * TOKEN - self.units;
        if lacking <= 0 {
            return Duration::ZERO;
        }
        let nanoseconds = (lacking - 1) / self.gain + 1;
        u64::try_from(nanoseconds).map_or(DAY, |wait| Duration::from_nanos(wait).min(DAY))
    }

    /// Takes `tokens`, on credit if there are not so many.
    pub(crate) fn spend(&mut self, tokens: u64) {
        self.units = self.units.saturating_sub(i128::from(tokens) * TOKEN);
    }

    fn fill(&mut self, now: Instant) {
        // The frames of a batch have the same time.
        if now <= self.filled {
            return;
        }
        let elapsed = now.duration_since(self.filled).as_nanos();
        let elapsed = i128::from(u64::try_from(elapsed).unwrap_or(u64::MAX));
        self.units = self.units.saturating_add(elapsed * self.gain).min(self.capacity);
        self.filled = now;
    }
}

const TOKEN: i128 = 1_000_000_000_000_000_000;
const NANOS_PER_SECOND: f64 = 1e9;
const MIN_PER_SECOND: f64 = 0.001;
const MAX_PER_SECOND: f64 = 1e9;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_that_cannot_work_is_named() {
        for (per_second, burst) in
            [(0.0, 1), (-1.0, 1), (f64::NAN, 1), (f64::INFINITY, 1), (1e10, 1), (1.0, 0)]
        {
            let error = Rate::new(per_second, burst).check("messages").unwrap_err();
            assert!(error.to_string().contains("`messages`"), "{error}");
        }
        for per_second in [0.001, 1.0 / 3.0, 1e9] {
            assert!(Rate::new(per_second, u32::MAX).check("messages").is_ok());
        }
    }

    #[test]
    fn nothing_is_lost_to_rounding_however_often_it_is_looked_at() {
        let start = Instant::now();
        let mut bucket = Bucket::full(Rate::new(0.3, 10), start);
        bucket.spend(10);
        for nanoseconds in 0..1_000_000 {
            bucket.wait(1, start + Duration::from_nanos(nanoseconds));
        }
        // Three tokens in ten seconds: 0.3 is exact to nine digits.
        assert_eq!(bucket.wait(3, start + Duration::from_secs(9)), Duration::from_secs(1));
        assert_eq!(bucket.wait(3, start + Duration::from_secs(10)), Duration::ZERO);
    }

    #[test]
    fn what_is_owed_is_waited_for() {
        let start = Instant::now();
        let mut bucket = Bucket::full(Rate::new(10, 1), start);
        bucket.spend(101);
        assert_eq!(bucket.wait(0, start), Duration::from_secs(10));
        bucket.spend(u64::MAX);
        assert_eq!(bucket.wait(0, start), DAY);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_nothing() {
        let start = Instant::now() + Duration::from_secs(10);
        let mut bucket = Bucket::full(Rate::new(1, 1), start);
        bucket.spend(1);
        for now in [start, start - Duration::from_secs(10), start] {
            assert_eq!(bucket.wait(1, now), Duration::from_secs(1));
        }
    }

    proptest! {
        /// The model: what has passed since any moment is at most the burst and what came since.
        #[test]
        fn never_more_passes_than_the_burst_and_what_comes_in_time(
            per_second in 1_u32..100_000,
            burst in 1_u32..1_000,
            asks in prop::collection::vec((0_u64..2_000_000, 0_u64..50), 1..200),
        ) {
            let start = Instant::now();
            let mut bucket = Bucket::full(Rate::new(per_second, burst), start);
            let (mut at, mut passed) = (0_u64, Vec::<(u64, u64)>::new());
            for (pause, tokens) in asks {
                at += pause;
                if bucket.wait(tokens, start + Duration::from_nanos(at)).is_zero() {
                    bucket.spend(tokens);
                    passed.push((at, tokens));
                }
            }
            for first in 0..passed.len() {
                let mut sum = 0;
                for (at, tokens) in &passed[first..] {
                    sum += u128::from(*tokens) * 1_000_000_000;
                    let came = u128::from(at - passed[first].0) * u128::from(per_second);
                    prop_assert!(sum <= u128::from(burst) * 1_000_000_000 + came);
                }
            }
        }

        /// The wait is the shortest that helps.
        #[test]
        fn the_wait_is_exact(
            per_second in 0.001_f64..1e9,
            burst in 1_u32..1_000_000,
            spent in 0_u64..2_000_000,
            share in 0.0_f64..=1.0,
        ) {
            let start = Instant::now();
            let mut bucket = Bucket::full(Rate::new(per_second, burst), start);
            bucket.spend(spent);
            let tokens = (f64::from(burst) * share) as u64;
            let wait = bucket.wait(tokens, start);
            prop_assume!(wait < DAY);
            prop_assert_eq!(bucket.clone().wait(tokens, start + wait), Duration::ZERO);
            if let Some(sooner) = wait.checked_sub(Duration::from_nanos(1)) {
                prop_assert_ne!(bucket.wait(tokens, start + sooner), Duration::ZERO);
            }
        }
    }
}
