//! The client side: connections to servers that speak Primus.

mod announced;
mod connector;
mod dialect;
mod ids;
mod link;
mod spec;
mod target;

pub use self::connector::PrimusConnector;
pub use self::ids::id;
pub use self::link::{PrimusEvent, PrimusLink, backoff};
