//! Guides.

#[doc = include_str!("../docs/migrating.md")]
pub mod migrating {}
