//! The requests of one connection that wait for their answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll::{Error, ErrorKind};
use tokio::sync::oneshot;

use crate::arguments::Arguments;
use crate::{RemoteError, RequestError};

pub(crate) type Answer = Result<Arguments, RemoteError>;

/// The requests of one connection that wait for their answer, at most `max` of them.
#[derive(Debug)]
pub(crate) struct Pending {
    max: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    closed: bool,
}

impl Pending {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, table: Mutex::default() }
    }

    /// Waits for the answer to a request from now on, until the ticket is dropped.
    pub(crate) fn register(self: &Arc<Self>, id: u64) -> Result<Ticket, RequestError> {
        let mut table = self.lock();
        if table.closed {
            return Err(Error::new(ErrorKind::Close).into());
        }
        if table.waiting.len() >= self.max {
            return Err(RequestError::TooManyPending);
        }
        let (sender, answer) = oneshot::channel();
        table.waiting.insert(id, sender);
        Ok(Ticket { id, answer, pending: Arc::clone(self) })
    }

    /// Hands an answer to who waits for it. A late, second or forged one meets nobody.
    pub(crate) fn resolve(&self, id: u64, answer: Answer) {
        let waiting = self.lock().waiting.remove(&id);
        if let Some(sender) = waiting {
            // Fails if the request was given up at this moment.
            let _ = sender.send(answer);
        }
    }

    /// Fails all requests, and those to come.
    pub(crate) fn close(&self) {
        let mut table = self.lock();
        table.closed = true;
        let waiting = std::mem::take(&mut table.waiting);
        drop(table);
        drop(waiting); // wakes those who wait
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the table, given up when dropped.
pub(crate) struct Ticket {
    id: u64,
    answer: oneshot::Receiver<Answer>,
    pending: Arc<Pending>,
}

impl Ticket {
    pub(crate) async fn answer(&mut self) -> Result<Arguments, RequestError> {
        match (&mut self.answer).await {
            Ok(answer) => answer.map_err(RequestError::Remote),
            Err(_) => Err(Error::new(ErrorKind::Close).into()),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.pending.lock().waiting.remove(&self.id);
    }
}
