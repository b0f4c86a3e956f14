//! What the runs have found.

use std::collections::BTreeMap;
use std::io;

use super::contender::Contender;
use super::options::Options;
use super::scenario::Scenario;

/// One run that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// In the unit of the scenario.
    pub value: f64,
    /// What others used of the machine meanwhile.
    pub other_cores: f64,
}

/// All runs that count, and what is to be said about the others.
#[derive(Clone, Debug, Default)]
pub struct Results {
    samples: BTreeMap<(Scenario, Contender), Vec<Sample>>,
    failures: BTreeMap<(Scenario, Contender), String>,
    discarded: usize,
    noisy: usize,
}

impl Results {
    /// Adds what `attempt` measures, after repeating it while the machine is busy with other
    /// things. A failure is noted.
    pub(super) fn record(
        &mut self,
        scenario: Scenario,
        contender: Contender,
        options: &Options,
        attempt: impl FnMut() -> io::Result<Sample>,
    ) -> io::Result<Sample> {
        let key = (scenario, contender);
        let sample = self.quietest(options, attempt).inspect_err(|error| {
            self.failures.insert(key, error.to_string());
        })?;
        self.samples.entry(key).or_default().push(sample);
        Ok(sample)
    }

    /// Whether a run failed: there is no point in another.
    pub fn has_failed(&self, scenario: Scenario, contender: Contender) -> bool {
        self.failures.contains_key(&(scenario, contender))
    }

    /// Whether any run failed.
    pub fn any_failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// The median of the runs, with the lowest and the highest.
    pub fn median(&self, scenario: Scenario, by: Contender) -> Option<Median> {
        let mut values: Vec<f64> =
            self.samples.get(&(scenario, by))?.iter().map(|sample| sample.value).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[middle]
        } else {
            f64::midpoint(values[middle - 1], values[middle])
        };
        Some(Median { median, low, high })
    }

    /// What a reader of the table must know besides, one sentence each.
    pub fn notes(&self, options: &Options) -> Vec<String> {
        let limit = options.max_other;
        let mut notes = Vec::new();
        if options.quick {
            notes.push("A quick run: these numbers mean nothing.".to_owned());
        }
        if self.discarded > 0 {
            let discarded = self.discarded;
            notes.push(format!(
                "{discarded} runs were discarded because others used more than {limit} cores."
            ));
        }
        if self.noisy > 0 {
            let noisy = self.noisy;
            notes.push(format!(
                "{noisy} runs count although others used more than {limit} cores: it never got \
                 quieter."
            ));
        }
        for ((scenario, by), reason) in &self.failures {
            let (name, scenario) = (by.name(options.protocol), scenario.name());
            notes.push(format!("{name} failed at {scenario}: {reason}."));
        }
        notes
    }

    fn quietest(
        &mut self,
        options: &Options,
        mut attempt: impl FnMut() -> io::Result<Sample>,
    ) -> io::Result<Sample> {
        let quiet = |sample: &Sample| sample.other_cores <= options.max_other;
        let mut best = attempt()?;
        for _ in 0..options.retries {
            if quiet(&best) {
                break;
            }
            self.discarded += 1;
            let next = attempt()?;
            if next.other_cores < best.other_cores {
                best = next;
            }
        }
        if !quiet(&best) {
            self.noisy += 1;
        }
        Ok(best)
    }
}

/// The middle of several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    /// As many are above as below.
    pub median: f64,
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Protocols;
    use crate::server::Implementation;

    const AXUM: Contender =
        Contender { implementation: Implementation::Axum, protocol: Protocols::WebSocket };

    fn record(results: &mut Results, samples: &[(f64, f64)]) -> io::Result<Sample> {
        let options = Options::default();
        let mut samples = samples.iter();
        results.record(Scenario::Echo1, AXUM, &options, || {
            let &(value, other_cores) = samples.next().ok_or(io::ErrorKind::UnexpectedEof)?;
            Ok(Sample { value, other_cores })
        })
    }

    #[test]
    fn a_busy_run_is_repeated() {
        let mut results = Results::default();
        record(&mut results, &[(9.0, 0.8), (5.0, 0.1)]).unwrap();
        record(&mut results, &[(7.0, 0.0)]).unwrap();
        let median = results.median(Scenario::Echo1, AXUM).unwrap();
        assert_eq!(median, Median { median: 6.0, low: 5.0, high: 7.0 });
        assert_eq!((results.discarded, results.noisy), (1, 0));
    }

    #[test]
    fn when_it_never_gets_quiet_the_quietest_counts() {
        let mut results = Results::default();
        record(&mut results, &[(1.0, 0.9), (2.0, 0.5), (3.0, 0.7), (4.0, 0.8)]).unwrap();
        let median = results.median(Scenario::Echo1, AXUM).unwrap();
        assert_eq!(median.median, 2.0);
        assert_eq!((results.discarded, results.noisy), (3, 1));
    }

    #[test]
    fn a_failure_is_noted() {
        let mut results = Results::default();
        record(&mut results, &[]).unwrap_err();
        assert!(results.has_failed(Scenario::Echo1, AXUM));
        assert!(results.notes(&Options::default())[0].starts_with("axum failed at echo1: "));
    }
}
