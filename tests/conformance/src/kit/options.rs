//! The kit, and what it assumes of a transport.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use tokio::time::timeout;

use super::bench::{Bench, Case};
use super::failure::Failure;
use super::pair::Pair;
use super::report::{Failed, Report};
use crate::cases;

/// The kit, and what it assumes of a transport.
///
/// ```
/// use std::time::Duration;
/// use plimsoll_conformance::Kit;
///
/// let kit = Kit::new()
///     .max_message(4096)
///     .buffer_bound(1024 * 1024)
///     .without("close_codes_and_reasons_arrive");
/// ```
#[derive(Clone, Debug)]
pub struct Kit {
    pub(crate) max_message: usize,
    pub(crate) over_limit: Option<usize>,
    pub(crate) buffer_bound: usize,
    deadline: Duration,
    only: Option<&'static str>,
    without: Vec<&'static str>,
}

impl Kit {
    /// Makes a kit with the defaults.
    pub fn new() -> Self {
        Self {
            max_message: 64 * 1024,
            over_limit: None,
            buffer_bound: 16 * 1024 * 1024,
            deadline: Duration::from_secs(30),
            only: None,
            without: Vec::new(),
        }
    }

    /// Sets the largest message that the pairs carry, in bytes. Default: 64 KiB.
    ///
    /// # Panics
    ///
    /// Panics below 256 bytes, which the cases need to tell messages apart.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        assert!(bytes >= 256, "`max_message`: must be at least 256 bytes, not {bytes}");
        self.max_message = bytes;
        self
    }

    /// Names a size of message, in bytes, that the pairs do not carry: either its sender refuses
    /// it or its receiver does. Without it the cases about too large messages do not run.
    #[must_use]
    pub fn over_limit(mut self, bytes: usize) -> Self {
        self.over_limit = Some(bytes);
        self
    }

    /// Sets how much a connection may take, in bytes, while nobody reads at the other end:
    /// everything between the two, the system's socket buffers included. A message counts its
    /// payload and 4 bytes. Default: 16 MiB, which is enough for sockets with Linux's defaults.
    #[must_use]
    pub fn buffer_bound(mut self, bytes: usize) -> Self {
        self.buffer_bound = bytes;
        self
    }

    /// Sets how long a case may take before it counts as hanging. Default: 30 s.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Leaves out a case, for a transport that cannot keep its rule.
    ///
    /// # Panics
    ///
    /// Panics if there is no such case: see [`Kit::cases`].
    #[must_use]
    pub fn without(mut self, case: &'static str) -> Self {
        expect_case(case);
        self.without.push(case);
        self
    }

    /// Runs only this case, to look for what breaks it.
    ///
    /// # Panics
    ///
    /// Panics if there is no such case: see [`Kit::cases`].
    #[must_use]
    pub fn only(mut self, case: &'static str) -> Self {
        expect_case(case);
        self.only = Some(case);
        self
    }

    /// The names of all cases.
    pub fn cases() -> impl Iterator<Item = &'static str> {
        cases::all().map(|case| case.name)
    }

    /// Runs the cases one after the other, each on fresh pairs, and returns the names of those
    /// that ran. Which do depends on the capabilities of the pairs.
    ///
    /// # Panics
    ///
    /// Panics if a case fails, after all have run. The message names each that failed, and says
    /// at which end, what was expected and what came instead.
    pub async fn check<P: Into<Pair>>(&self, make_pair: impl AsyncFn() -> P) -> Vec<&'static str> {
        let report = self.run(make_pair).await;
        assert!(report.failed.is_empty(), "{report}");
        report.passed
    }

    /// Like [`check`](Self::check), but returns the failures.
    pub async fn run<P: Into<Pair>>(&self, make_pair: impl AsyncFn() -> P) -> Report {
        let make_pair = &make_pair;
        let source =
            || -> LocalBoxFuture<'_, Pair> { Box::pin(async { make_pair().await.into() }) };
        let bench = Bench { source: &source, kit: self, waits: Arc::default() };
        let mut report = Report::default();
        let probe = async { Ok(source().await.capabilities) };
        let capabilities = match self.limited(&bench, probe).await {
            Ok(capabilities) => capabilities,
            Err(Failure(why)) => {
                report.failed.push(Failed { case: "a_pair_is_made", why });
                return report;
            }
        };
        let selected = |case: &&Case| {
            (case.applies)(self, &capabilities)
                && self.only.is_none_or(|only| only == case.name)
                && !self.without.contains(&case.name)
        };
        for case in cases::all().filter(selected) {
            match self.limited(&bench, (case.run)(&bench)).await {
                Ok(()) => report.passed.push(case.name),
                Err(Failure(why)) => report.failed.push(Failed { case: case.name, why }),
            }
        }
        report
    }

    /// Ends what hangs or panics.
    async fn limited<T>(
        &self,
        bench: &Bench<'_>,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        // Lives to the end of the function, and its notes of what it waits for with it.
        let mut future = pin!(AssertUnwindSafe(future).catch_unwind());
        match timeout(self.deadline, future.as_mut()).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Failure::from_panic(&*panic)),
            Err(_) => {
                let waits = &bench.waits;
                Err(Failure(format!("expected an end within {:?}, got none{waits}", self.deadline)))
            }
        }
    }
}

impl Default for Kit {
    fn default() -> Self {
        Self::new()
    }
}

fn expect_case(case: &str) {
    assert!(Kit::cases().any(|name| name == case), "there is no case `{case}`");
}
