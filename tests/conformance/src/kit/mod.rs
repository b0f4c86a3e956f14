//! What the cases are made of.

pub(crate) mod bench;
pub(crate) mod end;
pub(crate) mod ending;
pub(crate) mod failure;
mod harness;
pub(crate) mod message;
mod options;
mod pair;
mod report;
pub(crate) mod restless;
pub(crate) mod together;
mod waits;

pub use harness::Harness;
pub use options::Kit;
pub use pair::Pair;
pub use report::{Failed, Report};
