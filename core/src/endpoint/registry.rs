use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{ConnectionId, Sender};

/// The open connections, in shards so that opening and closing many at once does not queue.
#[derive(Default)]
pub(super) struct Registry([Mutex<HashMap<ConnectionId, Sender>>; SHARDS]);

impl Registry {
    pub(super) fn insert(&self, peer: Sender) {
        let id = peer.info().id();
        self.shard(id).insert(id, peer);
    }

    pub(super) fn remove(&self, id: ConnectionId) {
        let mut shard = self.shard(id);
        let removed = shard.remove(&id);
        if shard.len() * 4 < shard.capacity() {
            shard.shrink_to(SPARE);
        }
        drop(shard);
        drop(removed);
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<Sender> {
        self.shard(id).get(&id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Sender> {
        let mut all = Vec::new();
        for shard in &self.0 {
            all.extend(lock(shard).values().cloned());
        }
        all
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self, id: ConnectionId) -> MutexGuard<'_, HashMap<ConnectionId, Sender>> {
        lock(&self.0[id.0 as usize % SHARDS])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
/// How much room an empty shard keeps.
const SPARE: usize = 16;
