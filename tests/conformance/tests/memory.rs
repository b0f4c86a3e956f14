//! The memory transport keeps the contract.

use std::collections::BTreeSet;

use plimsoll_conformance::{Kit, check};
use plimsoll_memory::{Options, pair};

/// Those that do not ask about what the memory transport can do, or about a limit that it lacks.
const OTHERS: &[&str] = &[
    "a_message_over_the_limit_is_refused",
    "a_reader_that_fails_can_say_why",
    "a_refused_message_harms_no_other",
    "binary_is_refused_as_unsupported",
    "pings_that_are_not_carried_harm_nothing",
];

#[tokio::test]
async fn the_memory_transport_passes() {
    let passed = check(async || pair(Options::default()).unwrap()).await;
    let passed: BTreeSet<_> = passed.into_iter().chain(OTHERS.iter().copied()).collect();
    assert_eq!(passed, Kit::cases().collect());
}
