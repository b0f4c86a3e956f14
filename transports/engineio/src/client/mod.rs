//! The client: protocol 4.
//!
//! [`EngineIoConnector`] makes a [`Session`](session::Session). That is the duplex, for which a
//! [`Path`](path::Path) carries packets: by [`Polling`](polling::Polling) with its two HTTP
//! connections, or over a WebSocket. [`Upgrading`](upgrading::Upgrading) moves it from the one to
//! the other, as the [`Upgrade`](upgrade::Upgrade) says. Nothing here runs in a task of its own:
//! all of it is polled through the session, and freed with it.

mod connector;
mod decoder;
mod error;
mod get;
mod outbox;
mod path;
mod polling;
mod post;
mod requests;
mod session;
mod target;
mod upgrade;
mod upgrading;
mod watchdog;
mod websocket;

pub use self::connector::EngineIoConnector;
pub use self::error::EngineIoError;
