//! Who joins and leaves.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

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
pub struct Events(broadcast::Receiver<Arc<Event>>);

impl Events {
    /// Receives an event; `None` once the rooms are gone: all clones of
    /// [`Rooms`](crate::Rooms), and all endpoints that have them as a plugin.
    ///
    /// The events of a room, and those of a member, come in the order in which they happened: a
    /// member's `Left` follows its `Joined`. Cancel safe.
    pub async fn recv(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(Event::clone(&event)),
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
pub(crate) struct Feed(OnceLock<Channel>);

impl Feed {
    pub(crate) fn subscribe(&self, capacity: usize) -> Events {
        Events(self.0.get_or_init(|| Channel::new(capacity)).events.subscribe())
    }

    /// Publishes an event, under a lock of the caller's, who [sweeps](Self::sweep) after it.
    pub(crate) fn publish(&self, event: impl FnOnce() -> Event) {
        if let Some(channel) = self.0.get() {
            channel.publish(event());
        }
    }

    /// Drops the events that others took the place of. Called without a lock: the last sender of
    /// a connection may go with them, and what plugins keep in its info.
    pub(crate) fn sweep(&self) {
        let Some(channel) = self.0.get() else { return };
        let missed = std::mem::take(&mut channel.lock().missed);
        drop(missed);
    }
}

struct Channel {
    events: broadcast::Sender<Arc<Event>>,
    capacity: usize,
    history: Mutex<History>,
}

#[derive(Default)]
struct History {
    /// The last events, as many as the channel has room for.
    recent: VecDeque<Weak<Event>>,
    /// Those that somebody has not read, and never will.
    missed: Vec<Arc<Event>>,
}

impl Channel {
    fn new(capacity: usize) -> Self {
        let capacity = capacity.next_power_of_two();
        let events = broadcast::Sender::new(capacity);
        Self { events, capacity, history: Mutex::default() }
    }

    fn publish(&self, event: Event) {
        let event = Arc::new(event);
        let mut history = self.lock();
        if history.recent.len() == self.capacity {
            let oldest = history.recent.pop_front();
            history.missed.extend(oldest.and_then(|oldest| oldest.upgrade()));
        }
        history.recent.push_back(Arc::downgrade(&event));
        // Fails if nobody listens any more, which is no concern of the rooms.
        let _ = self.events.send(event);
    }

    fn lock(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
