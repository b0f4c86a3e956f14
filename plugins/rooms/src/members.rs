//! Who is in a room.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use plimsoll::{ConnectionId, Sender};

/// The members of a room, copied when they change while somebody still reads them.
///
/// So a broadcast takes a [snapshot](Self::snapshot) for the price of a reference count and sends
/// without a lock, and joins copy the list only if they come in the middle of a broadcast.
#[derive(Default)]
pub(crate) struct Members(Arc<Snapshot>);

pub(crate) type Snapshot = HashMap<ConnectionId, Sender>;

impl Members {
    pub(crate) fn insert(&mut self, member: &Sender) {
        Arc::make_mut(&mut self.0).insert(member.info().id(), member.clone());
    }

    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Sender> {
        let members = Arc::make_mut(&mut self.0);
        let removed = members.remove(&id);
        shrink(members);
        removed
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Sender> {
        self.0.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0)
    }
}

/// Gives memory back once most of it is unused.
pub(crate) fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() > SMALL && map.len() < map.capacity() / 8 {
        map.shrink_to(map.len() * 2);
    }
}

/// How much capacity is not worth giving back.
const SMALL: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_was_large_gives_its_memory_back() {
        let mut map: HashMap<_, _> = (0..10_000).map(|number| (number, ())).collect();
        for number in 10..10_000 {
            map.remove(&number);
            shrink(&mut map);
        }
        assert_eq!(map.len(), 10);
        assert!(map.capacity() < 200, "{}", map.capacity());
    }
}
