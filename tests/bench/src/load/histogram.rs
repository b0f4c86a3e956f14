//! A histogram of nanoseconds whose buckets grow with the value.

/// 64 buckets for each power of two: what is read back is at most 1.6 % too low.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { buckets: vec![0; bucket(u64::MAX) + 1], count: 0, max: 0 }
    }

    pub(super) fn record(&mut self, nanos: u64) {
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    pub(super) fn clear(&mut self) {
        self.buckets.fill(0);
        self.count = 0;
        self.max = 0;
    }

    /// The value in µs that `percent` of all values do not exceed; 0 if there are none.
    pub(super) fn percentile(&self, percent: f64) -> f64 {
        let rank = (self.count as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0;
        let nanos = self.buckets.iter().position(|&count| {
            seen += count;
            seen >= rank
        });
        nanos.map_or(0.0, |index| floor(index) as f64 / 1e3)
    }

    /// The largest value in µs.
    pub(super) fn max(&self) -> f64 {
        self.max as f64 / 1e3
    }
}

/// The bucket of a value: its power of two and the six bits below the highest.
fn bucket(nanos: u64) -> usize {
    if nanos < 64 {
        return nanos as usize;
    }
    let power = nanos.ilog2();
    (((power - 5) << 6) as usize) + ((nanos >> (power - 6)) & 63) as usize
}

/// The smallest value of a bucket.
fn floor(index: usize) -> u64 {
    if index < 64 {
        return index as u64;
    }
    let power = (index >> 6) as u32 + 5;
    (1 << power) + (((index & 63) as u64) << (power - 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_close() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.percentile(50.0), 0.0);
        for nanos in 1..=1_000_000 {
            histogram.record(nanos);
        }
        for percent in [1.0, 50.0, 99.0, 99.9] {
            let exact = percent * 10.0;
            let error = (histogram.percentile(percent) - exact).abs() / exact;
            assert!(error < 0.016, "{percent}: {error}");
        }
        assert_eq!(histogram.max(), 1000.0);
    }

    #[test]
    fn every_value_has_a_bucket() {
        let mut histogram = Histogram::new();
        for power in 0..64 {
            histogram.record(1 << power);
        }
        histogram.record(u64::MAX);
        assert_eq!(floor(bucket(1 << 40)), 1 << 40);
    }
}
