//! The client.
//!
//! [`SockJsConnector`] asks a server for its information and opens a [`Session`](session::Session)
//! there. That is the duplex, for which a [`Path`](path::Path) carries frames: over a
//! [WebSocket](websocket::WebSocket), or by [XHR](xhr::Xhr), which is one HTTP connection for
//! what comes and one for what goes. Nothing here runs in a task of its own: all of it is polled
//! through the session, and freed with it.

mod connector;
mod outbox;
mod path;
mod receiver;
mod requests;
mod sender;
mod session;
mod silence;
mod websocket;
mod xhr;

pub use self::connector::SockJsConnector;
