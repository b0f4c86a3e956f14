//! Guides.

#[doc = include_str!("../docs/writing-a-plugin.md")]
pub mod writing_a_plugin {}

#[doc = include_str!("../docs/writing-a-transport.md")]
pub mod writing_a_transport {}

#[cfg(feature = "http")]
#[doc = include_str!("../docs/embedding.md")]
pub mod embedding {}
