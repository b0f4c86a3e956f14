//! The protocol without any I/O: bytes in, values out, and back.
//!
//! Start with [`Packet`]. [`Packets`] takes bodies apart and [`Batch`] puts them together;
//! [`Dialect`] says in which way, as the client's [`Query`] asks for it. A body by JSONP passes
//! through [`Jsonp`] besides.

mod base64;
mod batch;
mod dialect;
mod error;
mod form;
mod jsonp;
mod open;
mod packet;
mod payload;
mod payload_v3;
mod query;
#[cfg(test)]
mod tests;

pub(crate) use self::batch::{Batch, Payload, can_poll};
pub(crate) use self::dialect::{Dialect, Version};
pub(crate) use self::error::Refusal;
pub(crate) use self::jsonp::Jsonp;
pub(crate) use self::open::Open;
pub(crate) use self::packet::Packet;
pub(crate) use self::payload::{Format, Packets};
pub(crate) use self::query::Query;
