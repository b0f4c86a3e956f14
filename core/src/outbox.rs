//! The queue between the handles of a connection and its driver, bounded in bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, TryAcquireError};

use crate::{Error, ErrorKind, Message};

/// Messages that wait for the driver. Takes no memory while it is empty and new.
pub(crate) struct Outbox {
    waiting: Mutex<VecDeque<Outgoing>>,
    /// The room that is left, in bytes; fair to those who wait.
    room: Semaphore,
    capacity: u32,
}

/// A message on its way out, and the room that it takes.
pub(crate) struct Outgoing {
    pub(crate) message: Message,
    cost: u32,
    key: Option<u64>,
}

impl Outbox {
    pub(crate) fn new(capacity: u32) -> Self {
        let room = Semaphore::new(capacity as usize);
        Self { waiting: Mutex::default(), room, capacity }
    }

    /// Queues a message, after waiting for room. Cancel safe: then it was not queued.
    pub(crate) async fn push(&self, message: Message) -> Result<(), Error> {
        let cost = self.cost(&message);
        let permit = self.room.acquire_many(cost).await.map_err(|_| closed())?;
        permit.forget();
        self.queue(Outgoing { message, cost, key: None })
    }

    /// Queues a message if there is room.
    pub(crate) fn try_push(&self, message: Message, key: Option<u64>) -> Result<(), Refused> {
        let cost = self.cost(&message);
        match self.room.try_acquire_many(cost) {
            Ok(permit) => permit.forget(),
            Err(TryAcquireError::Closed) => return Err(Refused::Closed),
            Err(TryAcquireError::NoPermits) => return Err(Refused::Full(message)),
        }
        self.queue(Outgoing { message, cost, key }).map_err(|_| Refused::Closed)
    }

    /// Queues a message that may take more room than is left.
    pub(crate) fn push_over(&self, message: Message) -> Result<(), Error> {
        let left = u32::try_from(self.room.available_permits()).unwrap_or(u32::MAX);
        let cost = self.cost(&message).min(left);
        let permit = self.room.try_acquire_many(cost);
        if matches!(permit, Err(TryAcquireError::Closed)) {
            return Err(closed());
        }
        let cost = permit.map_or(0, |permit| {
            permit.forget();
            cost
        });
        self.queue(Outgoing { message, cost, key: None })
    }

    /// Waits for room for anything at all.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        self.room.acquire().await.map(drop).map_err(|_| closed())
    }

    pub(crate) fn has_room(&self) -> bool {
        self.room.available_permits() > 0
    }

    /// Drops the message that waits longest. Returns whether there was one.
    pub(crate) fn drop_oldest(&self) -> bool {
        let oldest = self.lock().pop_front();
        self.release(oldest.as_ref().map_or(0, |oldest| oldest.cost));
        oldest.is_some()
    }

    /// Drops the message that waits under `key`.
    pub(crate) fn drop_key(&self, key: u64) {
        let mut queue = self.lock();
        let at = queue.iter().rposition(|waiting| waiting.key == Some(key));
        let found = at.and_then(|at| queue.remove(at));
        drop(queue);
        self.release(found.map_or(0, |found| found.cost));
    }

    /// Moves some messages into `batch`, which is empty. Their room is taken until the driver
    /// [releases](Self::release) it.
    pub(crate) fn take(&self, batch: &mut VecDeque<Outgoing>) {
        let mut queue = self.lock();
        if queue.len() > BATCH {
            batch.extend(queue.drain(..BATCH));
        } else if queue.capacity() > KEPT {
            batch.extend(std::mem::take(&mut *queue));
        } else {
            std::mem::swap(&mut *queue, batch);
        }
    }

    pub(crate) fn release(&self, cost: u32) {
        if cost > 0 {
            self.room.add_permits(cost as usize);
        }
    }

    /// Lets nobody queue more: what was queued with success is in the queue by now.
    pub(crate) fn close(&self) {
        let _queue = self.lock();
        self.room.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.room.is_closed()
    }

    /// Forgets what is queued.
    pub(crate) fn clear(&self) {
        let queue = std::mem::take(&mut *self.lock());
        drop(queue);
    }

    fn queue(&self, outgoing: Outgoing) -> Result<(), Error> {
        let mut queue = self.lock();
        if self.room.is_closed() {
            return Err(closed());
        }
        queue.push_back(outgoing);
        Ok(())
    }

    fn cost(&self, message: &Message) -> u32 {
        let cost = message.len().saturating_add(OVERHEAD);
        u32::try_from(cost).unwrap_or(u32::MAX).min(self.capacity)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Outgoing>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outgoing {
    pub(crate) fn cost(&self) -> u32 {
        self.cost
    }
}

/// Why a message was not queued.
pub(crate) enum Refused {
    Closed,
    Full(Message),
}

fn closed() -> Error {
    Error::new(ErrorKind::Close)
}

/// How many messages the driver takes under one lock.
const BATCH: usize = 32;
/// How many messages an empty queue keeps room for.
pub(crate) const KEPT: usize = 64;
/// What a message counts beside its payload, in bytes, so that empty ones are bounded too.
pub(crate) const OVERHEAD: usize = 64;
