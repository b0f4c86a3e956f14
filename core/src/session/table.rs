use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::clock::after;

/// The sessions of a transport by their ids. Clones are the same table.
///
/// `T` is what the transport keeps of a session, cheap to clone: a [`Session`](super::Session),
/// or something around one.
pub struct Sessions<T> {
    table: Arc<Table<T>>,
}

impl<T: Clone + Send + 'static> Sessions<T> {
    /// Makes a table for at most `max` sessions. One that has ended stays for `linger`, for
    /// clients that come late to learn how.
    pub fn new(max: usize, linger: Duration) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        let table =
            Table { shards, len: AtomicUsize::new(0), max, linger, ended: Mutex::default() };
        Self { table: Arc::new(table) }
    }

    /// Adds a session. Dropping the place ends its time in the table.
    ///
    /// # Errors
    ///
    /// [`NoPlace`] says whether the table is full or the id is taken.
    pub fn insert(&self, id: impl Into<Arc<str>>, session: T) -> Result<Place<T>, NoPlace> {
        let id = id.into();
        // Counted before it is added: those who race for the last place do not all find it free.
        if !self.table.count() {
            return Err(NoPlace::Full);
        }
        let mut shard = self.table.shard(&id);
        if shard.contains_key(&id) {
            self.table.uncount();
            return Err(NoPlace::Taken);
        }
        shard.insert(Arc::clone(&id), session);
        drop(shard);
        Ok(Place { id, table: Arc::clone(&self.table), forgotten: false })
    }

    /// The session with an id.
    pub fn get(&self, id: &str) -> Option<T> {
        self.table.shard(id).get(id).cloned()
    }

    /// How many sessions there are, with those that have ended and linger.
    pub fn len(&self) -> usize {
        self.table.len.load(Ordering::Relaxed)
    }

    /// Whether there is no session.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Clone for Sessions<T> {
    fn clone(&self) -> Self {
        Self { table: Arc::clone(&self.table) }
    }
}

impl<T> fmt::Debug for Sessions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("max", &self.table.max).finish_non_exhaustive()
    }
}

/// Why a session has no place in a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NoPlace {
    /// There are as many sessions as there may be.
    Full,
    /// There is a session with this id.
    Taken,
}

/// A session's place in a table: once it is dropped, the session goes after the table's time to
/// linger.
#[must_use = "a session without a place goes"]
pub struct Place<T: Clone + Send + 'static> {
    id: Arc<str>,
    table: Arc<Table<T>>,
    forgotten: bool,
}

impl<T: Clone + Send + 'static> Place<T> {
    /// The session's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives the place up at once: for a session that was not let in, or one that nobody needs to
    /// know of.
    pub fn forget(mut self) {
        self.forgotten = true;
    }
}

impl<T: Clone + Send + 'static> Drop for Place<T> {
    fn drop(&mut self) {
        if self.forgotten || self.table.linger.is_zero() {
            self.table.remove(&self.id);
        } else {
            self.table.remove_later(Arc::clone(&self.id));
        }
    }
}

impl<T: Clone + Send + 'static> fmt::Debug for Place<T> {
    /// Leaves out the id, which is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}

struct Table<T> {
    /// In shards, so that many requests do not queue.
    shards: [Mutex<HashMap<Arc<str>, T>>; SHARDS],
    /// How many are in all shards, or about to be.
    len: AtomicUsize,
    max: usize,
    linger: Duration,
    ended: Mutex<Ended>,
}

/// Those who linger, in the order in which they go.
#[derive(Default)]
struct Ended {
    queue: VecDeque<(Instant, Arc<str>)>,
    /// The task that removes them; there is one while there is something to do.
    sweeper: Option<AbortHandle>,
}

impl<T: Clone + Send + 'static> Table<T> {
    /// Counts one more, if there may be one more.
    fn count(&self) -> bool {
        let more = |len: usize| (len < self.max).then(|| len + 1);
        self.len.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn uncount(&self) {
        self.len.fetch_sub(1, Ordering::Relaxed);
    }

    fn remove(&self, id: &str) {
        let mut shard = self.shard(id);
        let removed = shard.remove(id);
        if shard.len() * 4 < shard.capacity() {
            shard.shrink_to(SPARE);
        }
        drop(shard);
        if removed.is_some() {
            self.uncount();
        }
    }

    fn remove_later(self: &Arc<Self>, id: Arc<str>) {
        let mut ended = lock(&self.ended);
        ended.queue.push_back((after(Instant::now(), self.linger), id));
        if ended.sweeper.is_some() {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                let sweep = sweep(Arc::downgrade(self));
                ended.sweeper = Some(runtime.spawn(sweep).abort_handle());
            }
            // The runtime is gone, and with it all who could ask.
            Err(_) => {
                let queue = std::mem::take(&mut ended.queue);
                drop(ended);
                queue.iter().for_each(|(_, id)| self.remove(id));
            }
        }
    }

    fn shard(&self, id: &str) -> MutexGuard<'_, HashMap<Arc<str>, T>> {
        // Who makes up ids for one shard makes himself wait: within it, hashes are secret.
        let sum = id.bytes().fold(0_usize, |sum, byte| sum.wrapping_add(byte.into()));
        lock(&self.shards[sum % SHARDS])
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        if let Some(sweeper) = lock(&self.ended).sweeper.take() {
            sweeper.abort();
        }
    }
}

/// Removes what has lingered long enough, until nothing lingers or the table is gone.
async fn sweep<T: Clone + Send + 'static>(table: Weak<Table<T>>) {
    loop {
        let next = {
            let Some(table) = table.upgrade() else { return };
            let mut ended = lock(&table.ended);
            let now = Instant::now();
            let due = ended.queue.partition_point(|(when, _)| *when <= now);
            let due: Vec<_> = ended.queue.drain(..due).collect();
            let next = ended.queue.front().map(|(when, _)| *when);
            if next.is_none() {
                ended.queue = VecDeque::new();
                ended.sweeper = None;
            }
            drop(ended);
            due.iter().for_each(|(_, id)| table.remove(id));
            next
        };
        match next {
            Some(next) => sleep_until(next).await,
            None => return,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
/// How much room an empty shard keeps.
const SPARE: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use tokio::time::sleep;

    use super::*;

    const LINGER: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn a_session_that_has_ended_lingers_for_its_time() {
        let sessions = Sessions::new(10, LINGER);
        let first = sessions.insert("first", 1).unwrap();
        let second = sessions.insert("second", 2).unwrap();
        drop(first);
        sleep(LINGER / 2).await;
        drop(second);
        assert_eq!((sessions.get("first"), sessions.get("second")), (Some(1), Some(2)));
        sleep(LINGER / 2 + Duration::from_millis(2)).await;
        assert_eq!((sessions.get("first"), sessions.get("second")), (None, Some(2)));
        sleep(LINGER / 2).await;
        assert!(sessions.is_empty());
        drop(sessions.insert("first", 3).unwrap());
        sleep(LINGER * 2).await;
        assert!(sessions.is_empty(), "the sweeper starts again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_table_and_a_taken_id_are_told_apart() {
        let sessions = Sessions::new(2, LINGER);
        let _first = sessions.insert("first", ()).unwrap();
        assert_eq!(sessions.insert("first", ()).unwrap_err(), NoPlace::Taken);
        let second = sessions.insert("second", ()).unwrap();
        assert_eq!(sessions.insert("third", ()).unwrap_err(), NoPlace::Full);
        second.forget();
        let _third = sessions.insert("third", ()).unwrap();
    }

    #[test]
    fn those_who_race_for_places_get_as_many_as_there_are() {
        for _ in 0..50 {
            let sessions = Sessions::new(4, Duration::ZERO);
            let start = Barrier::new(8);
            let race = |thread: usize| {
                start.wait();
                (0..4).filter_map(|i| sessions.insert(format!("{thread}:{i}"), ()).ok()).collect()
            };
            let places: Vec<Vec<_>> = std::thread::scope(|scope| {
                let race = &race;
                let racers: Vec<_> = (0..8).map(|i| scope.spawn(move || race(i))).collect();
                racers.into_iter().map(|racer| racer.join().unwrap()).collect()
            });
            assert_eq!((places.iter().flatten().count(), sessions.len()), (4, 4));
            drop(places);
            assert!(sessions.is_empty());
        }
    }

    #[test]
    fn a_table_works_without_a_runtime() {
        let sessions = Sessions::new(2, LINGER);
        drop(sessions.insert("first", ()).unwrap());
        assert!(sessions.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_thousand_sessions_leave_no_memory_behind() {
        let sessions = Sessions::new(100_000, LINGER);
        let places: Vec<_> =
            (0..100_000).map(|i| sessions.insert(i.to_string(), ()).unwrap()).collect();
        drop(places);
        sleep(LINGER * 2).await;
        assert!(sessions.is_empty());
        let room: usize = sessions.table.shards.iter().map(|shard| lock(shard).capacity()).sum();
        assert!(room <= SHARDS * SPARE * 2, "{room}");
    }
}
