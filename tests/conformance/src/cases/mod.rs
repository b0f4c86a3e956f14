//! The contract, a file for each part of it, a function for each rule.

use crate::kit::bench::Case;

mod backpressure;
mod cancellation;
mod closing;
mod control;
mod dropping;
mod flush;
mod limits;
mod order;
mod wakers;

/// All cases, in the order in which they run: the simpler rules first.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [
        order::CASES,
        flush::CASES,
        limits::CASES,
        control::CASES,
        wakers::CASES,
        closing::CASES,
        dropping::CASES,
        backpressure::CASES,
        cancellation::CASES,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let names: BTreeSet<_> = super::all().map(|case| case.name).collect();
        assert_eq!(names.len(), super::all().count());
    }
    #[test]
    fn the_front_page_names_every_case() {
        let page = include_str!("../cases.md");
        for case in super::all() {
            assert!(page.contains(&format!("`{}`", case.name)), "{}", case.name);
        }
    }
}
