//! Who joins and leaves.

use std::fmt;
use std::sync::{Arc, OnceLock};

use plimsoll::Sender;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Something that happened in a room, by connections of this process.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A connection has become a member of a room.
    Joined {
        /// The room's name.
        room: Arc<str>,
        /// The new member.
        member: Sender,
    },
    /// A connection is no longer a member of a room, because it was taken out or has closed. One
    /// that leaves all its rooms at once leaves each.
    Left {
        /// The room's name.
        room: Arc<str>,
        /// The former member, which may be closed.
        member: Sender,
    },
    /// So many events were missed, because they were not read fast enough: see
    /// [`Options::events`](crate::Options::events). What they would have told is in
    /// [`Rooms::members`](crate::Rooms::members).
    Missed(u64),
}

/// Receives what happens in all rooms, from the time at which it was made: see
/// [`Rooms::events`](crate::Rooms::events).
pub struct Events(broadcast::Receiver<Event>);

impl Events {
    /// Receives an event; `None` once the rooms are gone: all clones of
    /// [`Rooms`](crate::Rooms), and all endpoints that have them as a plugin.
    ///
    /// The events of a room, and those of a member, come in the order in which they happened: a
    /// member's `Left` follows its `Joined`. Cancel safe.
    pub async fn recv(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(Event::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// Where events are published. Takes no memory before somebody wants them.
#[derive(Default)]
pub(crate) struct Feed(OnceLock<broadcast::Sender<Event>>);

impl Feed {
    pub(crate) fn subscribe(&self, capacity: usize) -> Events {
        Events(self.0.get_or_init(|| broadcast::Sender::new(capacity)).subscribe())
    }

    pub(crate) fn publish(&self, event: impl FnOnce() -> Event) {
        if let Some(events) = self.0.get() {
            // Fails if nobody listens any more, which is no concern of the rooms.
            let _ = events.send(event());
        }
    }
}
