//! Named events with arguments, and requests with answers, over any transport.
//!
//! An application gives [`Events`] a handler for each name, once; then it puts them on each
//! connection, on a server or on a client. Either side sends events, which nobody answers, and
//! makes requests, which are answered with a value or an error. Arguments and answers have any
//! types that [serde](https://serde.rs) knows.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint};
//! use plimsoll_events::{Events, RemoteError};
//! # use plimsoll_memory::Memory;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let events = Events::builder()
//!     .on("hello", async |peer, name: String| {
//!         // Fails if the peer has gone.
//!         let _ = peer.emit("welcome", &(name, "nice to meet you")).await;
//!     })
//!     .on_request("divide", async |_, (dividend, divisor): (i64, i64)| {
//!         let quotient = dividend.checked_div(divisor);
//!         quotient.ok_or_else(|| RemoteError::new("no_quotient", "not a number"))
//!     })
//!     .build()?;
//! let endpoint = Endpoint::builder().handle(move |socket| events.clone().serve(socket))?;
//! # let memory = Memory::new();
//! # let listener = memory.listen("here")?;
//! # tokio::spawn(async move { endpoint.listen(listener).await });
//!
//! let events = Events::builder()
//!     .on("welcome", async |_, (name, text): (String, String)| println!("{name}: {text}"))
//!     .build()?;
//! let dialer = Dialer::builder().transport(memory.connector()).build()?;
//! let socket = events.attach(dialer.connect("mem://here").await?);
//! let server = socket.peer().clone();
//! tokio::spawn(socket.run());
//!
//! server.emit("hello", "ann").await?;
//! let quotient: i64 = server.request("divide", &(84, 2)).await?;
//! assert_eq!(quotient, 42);
//! let error = server.request::<i64, _>("divide", &(84, 0)).await.unwrap_err();
//! assert_eq!(error.remote().unwrap().code(), "no_quotient");
//! # Ok(())
//! # }
//! ```
//!
//! # Dialects
//!
//! What is on the wire is a [`Dialect`]: that of this crate, or one that clients and servers of
//! Primus speak, which have the npm packages primus-emit, primus-emitter or primus-responder. How
//! it is written is the connection's format, on which peers agree by the
//! [`Codecs`](plimsoll_encoding::Codecs) plugin; without it, JSON. The default dialect needs no
//! library: a browser sends the event above by
//! `socket.send(JSON.stringify({ event: "hello", data: "ann" }))`.
//!
//! # Order
//!
//! The events of a connection are handled one after another, in the order in which they were
//! sent. A request starts after the events that were sent before it were handled; requests run
//! beside each other, and each is answered when it is done. An answer reaches who waits for it at
//! once, whatever the handlers do, unless so much waits for them that
//! [reading stops](EventsBuilder::queue_bytes).
//!
//! # Many receivers
//!
//! [`Events::message`] makes an event a message, which rooms and
//! [`Endpoint::broadcast`](plimsoll::Endpoint::broadcast) take; [`Events::event`] makes it a
//! value, which is encoded once for each format that the receivers have:
//!
//! ```
//! use plimsoll_events::Events;
//! use plimsoll_rooms::Rooms;
//!
//! # fn example(events: Events, rooms: Rooms) -> Result<(), plimsoll::Error> {
//! rooms.to("readers").send(events.message("news", &("goal", 1))?);
//! rooms.to("readers").send_value(&events.event("news", &("goal", 1))?)?;
//! # Ok(())
//! # }
//! ```
//!
//! # What strangers send
//!
//! A peer's event is a name in the table of its handlers, and nothing else: it cannot trigger
//! what happens on this side, such as the end of the connection. A message that is nothing of the
//! dialect's goes to [`on_message`](EventsBuilder::on_message), an event of an unknown name to the
//! [`fallback`](EventsBuilder::fallback), one with other arguments to
//! [`on_invalid`](EventsBuilder::on_invalid); without these handlers they are ignored. An unknown
//! request, or one with other arguments, is answered with an error. An answer that nobody waits
//! for is ignored.
//!
//! # Bounds
//!
//! All of them for each connection.
//!
//! | what | default | where |
//! |---|---|---|
//! | time for an answer | 30 s | [`EventsBuilder::request_timeout`], [`Request::timeout`] |
//! | requests of this side that wait for their answer | 1024 | [`EventsBuilder::max_pending_requests`] |
//! | requests of the peer's that run at once | 32 | [`EventsBuilder::max_running_requests`] |
//! | size of a message, as for every value | 64 KiB | [`Codec::with_max_bytes`](plimsoll_encoding::Codec::with_max_bytes) |
//! | what waits for its handler, before reading stops | 64 KiB | [`EventsBuilder::queue_bytes`] |
//!
//! # Features
//!
//! - `fuzzing`: the entry point of the fuzz target.

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
