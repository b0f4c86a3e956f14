//! The protocol without input and output: bytes in, values out, and back.
//!
//! | module | what |
//! |---|---|
//! | `quote`, `unquote` | JSON strings as SockJS escapes them |
//! | `messages`, `payload` | what a client sends |
//! | `carrier`, `callback` | what a server sends, in the form of each transport |
//! | `frame`, `lines` | what a server sends, as a client reads it |
//! | `binary`, `closes` | messages and closes in terms of the protocol |
//! | `route`, `refusal`, `headers`, `page`, `info` | HTTP around it |
//! | `base_url` | where a client connects to, and how long it waits |

pub(crate) mod base_url;
mod binary;
mod callback;
mod carrier;
pub(crate) mod closes;
mod frame;
#[cfg(test)]
mod golden;
pub(crate) mod headers;
pub(crate) mod info;
mod lines;
mod messages;
pub(crate) mod page;
mod payload;
mod quote;
mod refusal;
mod route;
mod scan;
mod unquote;

pub use self::binary::Binary;
pub(crate) use self::callback::Callback;
pub(crate) use self::carrier::{Carrier, client_payload, plain_frame};
pub(crate) use self::frame::ServerFrame;
pub(crate) use self::lines::Lines;
pub(crate) use self::messages::{Limits, Malformed, Messages};
pub(crate) use self::payload::{form_payload, websocket_payload, xhr_payload};
pub(crate) use self::refusal::Refusal;
pub(crate) use self::route::{Route, SendFormat};
