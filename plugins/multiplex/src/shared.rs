//! What the driver of a connection and those who hold its channels share.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use plimsoll::{Close, Info};

use crate::dialect::Request;
use crate::handle::Handle;
use crate::table::{Ending, Table};

pub(crate) struct Shared {
    /// What is known of the connection beneath.
    pub(crate) info: Arc<Info>,
    table: Mutex<Table>,
}

impl Shared {
    pub(crate) fn new(info: Info, table: Table) -> Self {
        Self { info: Arc::new(info), table: Mutex::new(table) }
    }

    /// Does something with the channels, and wakes who has to know of it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let output = act(&mut table);
        let woken = std::mem::take(&mut table.woken);
        drop(table);
        woken.into_iter().for_each(Waker::wake);
        output
    }

    /// The next channel that the peer opens; `None` once the connection is over.
    pub(crate) fn poll_arrival(
        self: &Arc<Self>,
        cx: &Context<'_>,
    ) -> Poll<Option<(Handle, Request)>> {
        self.with(|table| {
            if let Some((number, request)) = table.arrivals.pop_front() {
                let handle = Handle::new(Arc::clone(self), number);
                return Poll::Ready(Some((handle, request)));
            }
            if table.ended {
                return Poll::Ready(None);
            }
            table.acceptor = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    /// Has the connection closed after what the channels have sent. The first reason counts.
    pub(crate) fn close(&self, close: Close) {
        self.with(|table| {
            if !table.ended {
                table.closing = Some(close.clone());
                table.finish(&Ending::Close(close));
            }
        });
    }
}
