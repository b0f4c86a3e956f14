//! Groups of connections, and broadcasts to them.
//!
//! A room is a name with members: the connections that joined it. What is sent to the room goes
//! to each of them. [`Rooms`] is a plugin, so that a connection that closes leaves its rooms by
//! itself; everything else is done by calling its methods, from a handler or from anywhere else.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Socket};
//! use plimsoll_memory::Memory;
//! use plimsoll_rooms::Rooms;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! let rooms = Rooms::new();
//! let endpoint = Endpoint::builder().plugin(rooms.clone()).handle({
//!     let rooms = rooms.clone();
//!     move |socket: Socket| chat(rooms.clone(), socket)
//! })?;
//!
//! /// Passes what a member says to all others.
//! async fn chat(rooms: Rooms, mut socket: Socket) {
//!     let id = socket.info().id();
//!     if rooms.join("lobby", socket.sender()).is_err() {
//!         return; // the lobby is full
//!     }
//!     rooms.to("lobby").except(id).send("somebody comes in");
//!     while let Some(Ok(message)) = socket.recv().await {
//!         rooms.to("lobby").except(id).send(message);
//!     }
//! }
//!
//! # let memory = Memory::new();
//! # let listener = memory.listen("chat")?;
//! # tokio::spawn(async move { endpoint.listen(listener).await });
//! # let dialer = Dialer::builder().transport(memory.connector()).build()?;
//! let mut events = rooms.events();
//! let mut ann = dialer.connect("mem://chat").await?;
//! events.recv().await;
//! let bob = dialer.connect("mem://chat").await?;
//! assert_eq!(ann.recv().await.unwrap()?.as_text(), Some("somebody comes in"));
//! bob.send("ahoy").await?;
//! assert_eq!(ann.recv().await.unwrap()?.as_text(), Some("ahoy"));
//! # Ok(())
//! # }
//! ```
//!
//! # Sending
//!
//! | to whom | how |
//! |---|---|
//! | the members of a room | `rooms.to("a").send(message)` |
//! | of several rooms, each once | `rooms.to_each(["a", "b"]).send(message)` |
//! | of all rooms whose names match a pattern | `rooms.to_matching("team:*").send(message)` |
//! | who joined a room whose name is a pattern, such as `team:*` | `rooms.to_topic("team:1").send(message)` |
//! | all of them but some | `rooms.to("a").except(id).except_room("b").send(message)` |
//! | each of them something else | `rooms.to("a").send_with(make)` |
//! | all connections, members or not | `rooms.to_all().send(message)` |
//! | connections by their ids | `rooms.to_connections([id]).send(message)` |
//! | one connection | [`Sender::send`](plimsoll::Sender::send) |
//!
//! A name is exact, whatever its characters, but for the methods that say `matching` or `topic`:
//! there each `*` stands for any characters. They look at the names of all rooms.
//!
//! A message is encoded once for each wire form that its receivers use, not once for each
//! receiver. With the feature `typed`, `send_value` takes a value and encodes it once for each
//! format that the receivers have agreed on.
//!
//! # Joining and leaving
//!
//! | what | how |
//! |---|---|
//! | one connection, one room | [`Rooms::join`], [`Rooms::leave`] |
//! | several of both | [`Rooms::join_each`], [`Rooms::leave_each`] |
//! | one connection, all its rooms | [`Rooms::leave_all`], or its end |
//! | all members of a room | [`Rooms::clear`], or, with their connections, [`Target::close`] |
//!
//! # Slow members
//!
//! Sending waits for nobody. A message for a member whose outbox is full meets the
//! [`SlowPolicy`](plimsoll::SlowPolicy): by default the member is closed, so that, when it comes
//! back, it knows that it missed something. [`Target::policy`] chooses per message: dropping is
//! right for cursors, closing for chat. So neither the other members nor the memory suffer: each
//! member holds at most [`SocketOptions::outbox_bytes`](plimsoll::SocketOptions::outbox_bytes),
//! and a message that waits for many members is in memory once.
//!
//! # Events
//!
//! [`Rooms::events`] tells who joins and leaves, in order, for presence lists and for what is to
//! happen when the first member comes or the last one goes. A reader that falls behind is told
//! by [`Event::Missed`] how many events it missed; nobody waits for it.
//!
//! # Several processes
//!
//! An [`Adapter`] joins the rooms of several processes, the nodes of a cluster:
//! [`Rooms::with_adapter`]. Everything above stays as it is, but what is sent, cleared or closed
//! reaches the members on all nodes; [`Target::local`] keeps it here. What tells of members tells
//! of this node's; [`Rooms::len_in_cluster`] and [`Rooms::is_empty_in_cluster`] ask all. A
//! [`ConnectionId`](plimsoll::ConnectionId) means a connection of this process.
//!
//! This crate has an adapter for nodes in one process, [`MemoryBus`], for tests. How to write
//! one over a network is told at [`Adapter`].
//!
//! # Bounds
//!
//! | what | default | where |
//! |---|---|---|
//! | length of a name | 255 bytes | [`Options::max_name`] |
//! | rooms that a connection is in | 128 | [`Options::max_rooms_per_connection`] |
//! | rooms | 100,000 | [`Options::max_rooms`] |
//! | members of a room | 100,000 | [`Options::max_members`] |
//! | events that wait for a reader | 1024 | [`Options::events`] |
//!
//! A room costs memory only while it has members.
//!
//! # How it is built
//!
//! The members of a room are a map behind an `Arc`, copied when it changes while somebody reads
//! it. A broadcast takes the `Arc` and sends without a lock: it holds up neither joins nor other
//! broadcasts, and what it calls may use the rooms. A join copies the map only if it comes in the
//! middle of a broadcast to the same room, and even then is sooner done than by waiting for a
//! lock. On two busy cores, by `cargo run --release -p plimsoll-rooms --example cost`:
//!
//! | members | broadcast | join and leave | join and leave amid broadcasts |
//! |---|---|---|---|
//! | 10 | 0.6 µs | 0.2 µs | 0.5 µs |
//! | 100 | 5.6 µs | 0.2 µs | 1.0 µs |
//! | 1,000 | 84 µs | 0.2 µs | 5.6 µs |
//! | 10,000 | 1.5 ms | 0.2 µs | 127 µs |
//!
//! # Features
//!
//! - `typed`: `Target::send_value`, by `plimsoll-encoding`.

mod adapter;
mod audience;
mod batch;
mod bus;
mod delivery;
mod directory;
#[cfg(feature = "typed")]
mod encoded;
mod events;
mod members;
mod node;
mod options;
mod pattern;
mod rooms;
mod seat;
mod target;

pub use self::adapter::{Action, Adapter, Broadcast};
pub use self::bus::{MemoryAdapter, MemoryBus};
pub use self::delivery::Delivery;
pub use self::events::{Event, Events};
pub use self::node::Node;
pub use self::options::Options;
pub use self::rooms::Rooms;
pub use self::target::Target;
