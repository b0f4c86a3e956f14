//! Many channels over one connection, each a connection of its own.
mod channel;
mod channels;
mod connector;
mod dialect;
mod driver;
mod entry;
mod handle;
mod incoming;
mod multiplex;
mod shared;
mod table;

pub use channel::Channel;
pub use channels::Channels;
pub use connector::ChannelConnector;
pub use incoming::IncomingChannel;
pub use multiplex::{Multiplex, Overflow};
