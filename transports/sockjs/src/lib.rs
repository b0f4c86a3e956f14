//! Plimsoll over [SockJS]: a session that uses WebSocket where it works, and streams or polls
//! over HTTP where it does not. Unmodified SockJS clients can be used, and so can SockJS servers.
//!
//! ```
//! use std::time::Duration;
//!
//! use plimsoll_sockjs::{Binary, Options, Transport};
//!
//! // What a service behind a load balancer may set that sticks to cookies.
//! let options = Options::default()
//!     .transports([Transport::WebSocket, Transport::XhrStreaming, Transport::XhrPolling])
//!     .jsessionid(true)
//!     .disconnect_delay(Duration::from_secs(10))
//!     .binary(Binary::Base64);
//! assert!(options.check().is_ok());
//!
//! // A page that takes part in the protocol must not be one that a setting can spoil.
//! assert!(Options::default().sockjs_url("\"><script>").check().is_err());
//! ```
//!
//! # Text only
//!
//! SockJS carries text. Sending a binary message fails with
//! [`ErrorKind::Unsupported`](plimsoll::ErrorKind::Unsupported), unless both sides agree on
//! [`Binary::Base64`]. What is text in JavaScript but not elsewhere, a lone half of a surrogate
//! pair, arrives as U+FFFD, and so do bytes that are not UTF-8.
//!
//! # Differences from the reference server
//!
//! The bytes are those of `sockjs` 0.3.24 for Node, except where they would do harm:
//!
//! - The transports that run what they carry as scripts are off unless they are named. The names
//!   of their callbacks have 1 to 64 ASCII letters, digits, `_`, `.` and `$`, and no text can end
//!   the script of an htmlfile.
//! - What is sent must be strings. The reference takes any JSON value, and hands it on as it is.
//! - Reasons of closes get the escapes of messages, so that they are safe in scripts, and are cut
//!   to [`Close::MAX_REASON`](plimsoll::Close::MAX_REASON).
//! - Everything has a limit: see [`Options`]. A body over one is refused with status 413.
//!
//! # Features
//!
//! - `fuzzing`: entry points for the project's own fuzz targets, outside all promises.
//!
//! [SockJS]: https://github.com/sockjs/sockjs-protocol

#![expect(dead_code, reason = "the client is not here yet")]

#[cfg_attr(not(any(test, feature = "fuzzing")), expect(unused_imports, reason = "as above"))]
mod codec;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzz;
mod options;
mod server;
mod transport;

pub use self::codec::Binary;
pub use self::options::Options;
pub use self::server::SockJs;
pub use self::transport::Transport;
