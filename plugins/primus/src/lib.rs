//! The dialect of [Primus](https://github.com/primus/primus), for its unmodified clients and
//! servers.

mod answer;
mod control;
mod dialect;
mod id;
mod library;
pub mod parser;
mod server;
mod transformer;

pub use self::id::PrimusId;
pub use self::server::Primus;
pub use self::transformer::Transformer;
