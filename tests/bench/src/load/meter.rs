//! What is counted between the start and the end of the measured window.

use super::histogram::Histogram;

/// Messages and their latencies, counted only while the window is open.
#[derive(Debug)]
pub(super) struct Meter {
    /// The window is open.
    pub(super) measuring: bool,
    /// Messages that arrived.
    pub(super) messages: u64,
    /// From sending a message to each arrival.
    pub(super) latency: Histogram,
    /// From publishing to the last arrival.
    pub(super) complete: Histogram,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            measuring: false,
            messages: 0,
            latency: Histogram::new(),
            complete: Histogram::new(),
        }
    }

    /// Opens the window.
    pub(super) fn start(&mut self) {
        self.measuring = true;
        self.messages = 0;
        self.latency.clear();
        self.complete.clear();
    }

    pub(super) fn arrived(&mut self, nanos: u64) {
        if self.measuring {
            self.messages += 1;
            self.latency.record(nanos);
        }
    }

    pub(super) fn completed(&mut self, nanos: u64) {
        if self.measuring {
            self.complete.record(nanos);
        }
    }
}
