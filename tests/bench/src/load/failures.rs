//! What went wrong in the conversation with the server.

/// Counts failures and keeps the first few.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures {
    count: u64,
    first: Vec<String>,
}

impl Failures {
    pub(super) fn add(&mut self, session: usize, reason: &str) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(format!("session {session}: {reason}"));
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// So many that going on is a waste of time.
    pub(super) fn too_many(&self) -> bool {
        self.count > 100
    }

    pub(super) fn into_first(self) -> Vec<String> {
        self.first
    }
}

const KEPT: usize = 5;
