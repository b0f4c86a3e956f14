//! Named events with arguments, and requests with answers, over any transport.

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;

mod arguments;
mod builder;
mod dialect;
mod error;
mod event;
mod events;
mod handlers;
mod peer;
mod pending;
mod request;
mod socket;
mod work;

pub use self::builder::EventsBuilder;
pub use self::dialect::Dialect;
pub use self::error::{RemoteError, RequestError};
pub use self::event::Event;
pub use self::events::{EventValue, Events};
pub use self::peer::Peer;
pub use self::request::Request;
pub use self::socket::EventSocket;
