//! Who sends when.

use super::meter::Meter;

/// Decides what is sent when messages arrive, whatever the protocol.
pub(super) trait Workload {
    /// `count` messages arrived at `session`, which is a closed loop's turn to send others.
    ///
    /// `now` counts nanoseconds from some moment. An error is a message that should not have come.
    fn received(&mut self, session: usize, count: u64, now: u64) -> Result<Option<Order>, String>;
}

/// A workload that counts.
pub(super) trait Metered: Workload {
    fn meter(&mut self) -> &mut Meter;
}

/// What a workload wants sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Order {
    pub(super) session: usize,
    pub(super) count: u64,
}

/// Nobody sends, so nothing may arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silence;

impl Workload for Silence {
    fn received(&mut self, _: usize, _: u64, _: u64) -> Result<Option<Order>, String> {
        Err("a message although nobody sends".to_owned())
    }
}
