//! Plimsoll over memory: connections inside one process, with faults on demand.
//!
//! Two uses: parts of one program that talk to each other as if they were far apart, and tests
//! of an application without a network. A connection is a pair of bounded queues; nothing is
//! encoded, copied or sent anywhere, and it carries all that the other transports carry: headers,
//! subprotocols, refusals, pings, close codes.
//!
//! Listeners and connectors meet by name in a hub, [`Memory`]: one for a test, or the one of the
//! whole process, [`Memory::global`]. The URL is `mem://name/path?query`.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Message, Socket};
//! use plimsoll_memory::Memory;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! let memory = Memory::new();
//! let endpoint = Endpoint::builder().handle(async |mut socket: Socket| {
//!     while let Some(Ok(message)) = socket.recv().await {
//!         if socket.send(message).await.is_err() {
//!             break;
//!         }
//!     }
//! })?;
//! let listener = memory.listen("echo")?;
//! tokio::spawn(async move { endpoint.listen(listener).await });
//!
//! let dialer = Dialer::builder().transport(memory.connector()).build()?;
//! let mut socket = dialer.connect("mem://echo/rooms/1?user=ann").await?;
//! socket.send("ahoy").await?;
//! assert_eq!(socket.recv().await.unwrap()?, Message::from("ahoy"));
//! # Ok(())
//! # }
//! ```
//!
//! # Faults
//!
//! A network delays, tears connections down, and has peers that read slowly. [`Faults`] does the
//! same from a seed, so that a failing test fails again; under tokio's paused time it takes no
//! real time. It goes into the [`Options`] of a hub or a listener, or as a plugin on the dialer
//! or endpoint of any other transport.

mod client;
mod duplex;
mod faults;
mod faulty;
mod hub;
mod options;
mod server;

pub use client::MemoryConnector;
pub use duplex::pair;
pub use faults::Faults;
pub use hub::Memory;
pub use options::Options;
pub use server::MemoryListener;
