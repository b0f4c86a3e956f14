//! The dialect of [Primus](https://github.com/primus/primus), for its unmodified clients and
//! servers.

mod answer;
mod client;
mod control;
mod dialect;
mod id;
mod library;
pub mod parser;
mod server;
mod transformer;

pub use self::client::{PrimusConnector, PrimusEvent, PrimusLink, backoff, id};
pub use self::id::PrimusId;
pub use self::server::Primus;
pub use self::transformer::Transformer;
