//! Notices dead peers and measures the round trip.
//!
//! A peer whose machine loses power, or whose network goes away, says nothing: without a check
//! its connection would stay open for hours. [`Heartbeat`] asks the peer for a sign of life at
//! regular times, and ends the connection with
//! [`ErrorKind::Timeout`](plimsoll::ErrorKind::Timeout) if none comes. The same traffic keeps
//! idle connections alive in proxies and address translators, which forget them after 30 to 60
//! seconds.
//!
//! ```
//! use std::time::Duration;
//!
//! use plimsoll::{Endpoint, Socket};
//! use plimsoll_heartbeat::{Heartbeat, RoundTripExt};
//!
//! # fn main() -> Result<(), plimsoll::Error> {
//! let endpoint = Endpoint::builder()
//!     .plugin(Heartbeat::every(Duration::from_secs(25)).timeout(Duration::from_secs(20)))
//!     .handle(async |mut socket: Socket| {
//!         while let Some(Ok(message)) = socket.recv().await {
//!             if let Some(time) = socket.round_trip() {
//!                 println!("{message:?} from a peer {time:?} away");
//!             }
//!         }
//!     })?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is sent
//!
//! That depends on what the transport says of itself in
//! [`Capabilities::liveness`](plimsoll::Capabilities::liveness):
//!
//! | liveness | what happens |
//! |---|---|
//! | `PingPong` | [`Frame::Ping`](plimsoll::Frame::Ping) with a payload of 8 bytes; the peer needs nothing |
//! | `None` | text messages, if the peer has this plugin too; otherwise nothing |
//! | `Builtin` | nothing: the transport does it |
//!
//! Where it takes both sides, a client announces the plugin by the header
//! `plimsoll-heartbeat: 1` and a server confirms it by the same header in its response. A client
//! without the plugin is not watched on such a transport. The messages begin with `~heartbeat:`;
//! they do not reach the application, and a message of the application that begins so arrives
//! as it was.
//!
//! # What counts as life
//!
//! Anything that arrives. A peer whose frames wait unread, because the handler here is busy, is
//! not dead: it gets more time until they are read, and is told meanwhile, by pings of this side,
//! that this side lives. A peer that neither sends nor reads for the whole timeout counts as dead.
//!
//! The times are those of a monotonic clock: setting the system's clock changes nothing.
//!
//! # Order
//!
//! Add it first, nearest to the transport, unless a plugin below has to see its pings.

mod in_band;
mod plugin;
mod pulse;
mod round_trip;

pub use plugin::Heartbeat;
pub use round_trip::{RoundTrip, RoundTripExt};
