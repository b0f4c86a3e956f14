//! Which rooms there are.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll::{ConnectionId, Error, ErrorKind, Sender};

use crate::events::{Event, Feed};
use crate::members::{Members, Snapshot, shrink};
use crate::options::Options;
use crate::pattern::Pattern;

/// The rooms that have members, in shards so that joins to different rooms do not queue.
#[derive(Default)]
pub(crate) struct Directory {
    shards: [Shard; SHARDS],
    hasher: RandomState,
    rooms: AtomicUsize,
}

type Shard = Mutex<HashMap<Arc<str>, Members>>;

impl Directory {
    /// Makes `member` a member of `room`, which it is not yet. Returns the room's name.
    ///
    /// The event is published under the lock, so that the events of a room are in the order of
    /// what they tell of.
    pub(crate) fn join(
        &self,
        room: &str,
        member: &Sender,
        options: &Options,
        feed: &Feed,
    ) -> Result<Arc<str>, Error> {
        let mut shard = self.shard(room);
        let name = match shard.get_key_value(room) {
            Some((_, members)) if members.len() >= options.max_members => {
                return Err(Error::with_message(ErrorKind::Policy, "the room is full"));
            }
            Some((name, _)) => Arc::clone(name),
            None => {
                self.count_room(options.max_rooms)?;
                Arc::from(room)
            }
        };
        shard.entry(Arc::clone(&name)).or_default().insert(member);
        feed.publish(|| Event::Joined { room: Arc::clone(&name), member: member.clone() });
        Ok(name)
    }

    pub(crate) fn leave(&self, room: &Arc<str>, member: &Sender, feed: &Feed) {
        let mut shard = self.shard(room);
        let Some(members) = shard.get_mut(room) else { return };
        if members.remove(member.info().id()).is_none() {
            return;
        }
        if members.len() == 0 {
            shard.remove(room);
            shrink(&mut shard);
            self.rooms.fetch_sub(1, Ordering::Relaxed);
        }
        feed.publish(|| Event::Left { room: Arc::clone(room), member: member.clone() });
    }

    pub(crate) fn snapshot(&self, room: &str) -> Option<Arc<Snapshot>> {
        self.shard(room).get(room).map(Members::snapshot)
    }

    pub(crate) fn len(&self, room: &str) -> usize {
        self.shard(room).get(room).map_or(0, Members::len)
    }

    pub(crate) fn contains(&self, room: &str, id: ConnectionId) -> bool {
        self.shard(room).get(room).is_some_and(|members| members.get(id).is_some())
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for shard in &self.shards {
            names.extend(lock(shard).keys().map(|name| name.to_string()));
        }
        names
    }

    pub(crate) fn names_matching(&self, pattern: &Pattern<'_>) -> Vec<String> {
        let mut names = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let matching = shard.keys().filter(|name| pattern.matches(name));
            names.extend(matching.map(|name| name.to_string()));
        }
        names
    }

    /// The members of each room whose name matches any of the patterns.
    pub(crate) fn snapshots_matching(&self, patterns: &[Pattern<'_>]) -> Vec<Arc<Snapshot>> {
        self.snapshots_where(|name| patterns.iter().any(|pattern| pattern.matches(name)))
    }

    /// The members of each room whose name is one of the topics, or is a pattern of one.
    pub(crate) fn snapshots_of_topics(&self, topics: &[&str]) -> Vec<Arc<Snapshot>> {
        self.snapshots_where(|name| {
            let pattern = name.contains('*').then(|| Pattern::new(name));
            topics.iter().any(|topic| match &pattern {
                Some(pattern) => pattern.matches(topic),
                None => *topic == name,
            })
        })
    }

    fn snapshots_where(&self, is_meant: impl Fn(&str) -> bool) -> Vec<Arc<Snapshot>> {
        let mut snapshots = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            let meant = shard.iter().filter(|(name, _)| is_meant(name));
            snapshots.extend(meant.map(|(_, members)| members.snapshot()));
        }
        snapshots
    }

    fn count_room(&self, max: usize) -> Result<(), Error> {
        let more = |rooms| (rooms < max).then_some(rooms + 1);
        match self.rooms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::with_message(ErrorKind::Policy, "there are too many rooms")),
        }
    }

    fn shard(&self, room: &str) -> MutexGuard<'_, HashMap<Arc<str>, Members>> {
        lock(&self.shards[self.hasher.hash_one(room) as usize % SHARDS])
    }
}

fn lock(shard: &Shard) -> MutexGuard<'_, HashMap<Arc<str>, Members>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
