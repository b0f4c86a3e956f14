//! The kit finds what is wrong: for each case there is a transport that only differs from a
//! sound one in breaking its rule, and the case fails on it.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_conformance::{Kit, Pair};

mod backpressure;
mod cancellation;
mod closing;
mod control;
mod dropping;
mod fault;
mod flush;
mod limits;
mod order;
mod wakers;

/// Makes a test for each line: `case` fails on the pair.
macro_rules! caught {
    ($($case:ident: $pair:expr,)+) => {
        pub(crate) const CASES: &[&str] = &[$(stringify!($case)),+];

        $(
            #[tokio::test(start_paused = true)]
            async fn $case() {
                crate::expect_failure(stringify!($case), || $pair).await;
            }
        )+
    };
}

pub(crate) use caught;

async fn expect_failure(case: &'static str, make_pair: impl Fn() -> Pair) {
    let kit = Kit::new().over_limit(OVER_LIMIT).buffer_bound(256 * 1024);
    let kit = kit.deadline(Duration::from_secs(5)).only(case);
    let report = kit.run(async || make_pair()).await;
    assert_eq!(report.failed().len(), 1, "{report}");
    assert_eq!(report.failed()[0].case(), case, "{report}");
}

#[test]
fn each_case_has_a_transport_that_it_catches() {
    let caught = [
        backpressure::CASES,
        cancellation::CASES,
        closing::CASES,
        control::CASES,
        dropping::CASES,
        flush::CASES,
        limits::CASES,
        order::CASES,
        wakers::CASES,
    ];
    let caught: BTreeSet<_> = caught.into_iter().flatten().copied().collect();
    assert_eq!(caught, Kit::cases().collect());
}

const OVER_LIMIT: usize = 128 * 1024;
