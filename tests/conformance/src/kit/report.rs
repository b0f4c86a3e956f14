//! What came of the cases.

use std::fmt;

/// What came of the cases that ran.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub(crate) passed: Vec<&'static str>,
    pub(crate) failed: Vec<Failed>,
}

impl Report {
    /// The names of the cases that passed.
    pub fn passed(&self) -> &[&'static str] {
        &self.passed
    }

    /// The cases that failed.
    pub fn failed(&self) -> &[Failed] {
        &self.failed
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failed in &self.failed {
            writeln!(f, "{failed}")?;
        }
        write!(f, "{} passed, {} failed", self.passed.len(), self.failed.len())
    }
}

/// A case that failed.
#[derive(Clone, Debug)]
pub struct Failed {
    pub(crate) case: &'static str,
    pub(crate) why: String,
}

impl Failed {
    /// The name of the case: the rule that was broken, as a statement.
    pub fn case(&self) -> &'static str {
        self.case
    }

    /// At which end, what was expected, and what came instead.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.why)
    }
}
