//! What the rooms know of a connection.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use plimsoll::Info;

use crate::rooms::Inner;

/// A connection's part in one [`Rooms`](crate::Rooms): kept in the connection's info from the
/// handshake on, so that it is found whatever the order of the plugins.
pub(crate) struct Seat {
    rooms: Weak<Inner>,
    /// The rooms that it is in.
    joined: Mutex<HashSet<Arc<str>>>,
}

impl Seat {
    pub(crate) fn lock(&self) -> MutexGuard<'_, HashSet<Arc<str>>> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_in(&self, rooms: &Arc<Inner>) -> bool {
        self.rooms.as_ptr() == Arc::as_ptr(rooms)
    }
}

/// A connection's seats: an endpoint may have several [`Rooms`](crate::Rooms).
#[derive(Clone, Default)]
pub(crate) struct Seats(Vec<Arc<Seat>>);

impl Seats {
    pub(crate) fn add(&mut self, rooms: &Arc<Inner>) {
        if !self.0.iter().any(|seat| seat.is_in(rooms)) {
            let rooms = Arc::downgrade(rooms);
            self.0.push(Arc::new(Seat { rooms, joined: Mutex::default() }));
        }
    }

    pub(crate) fn find<'a>(info: &'a Info, rooms: &Arc<Inner>) -> Option<&'a Seat> {
        let Self(seats) = info.get()?;
        seats.iter().find(|seat| seat.is_in(rooms)).map(|seat| &**seat)
    }
}
