//! How a connection that comes back is doing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::{Close, Error};

/// How a connection that comes back is doing: see
/// [`Dialer::keep_connected`](crate::Dialer::keep_connected).
#[derive(Clone, Debug)]
pub struct LinkStatus(pub(crate) watch::Receiver<LinkState>);

impl LinkStatus {
    /// The present state.
    pub fn now(&self) -> LinkState {
        self.0.borrow().clone()
    }

    /// Waits for the state to change, and returns the latest; `None` once the connection is
    /// gone for good. Cancel safe.
    pub async fn changed(&mut self) -> Option<LinkState> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().clone())
    }
}

/// A state of a connection that comes back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LinkState {
    /// It was closed for good, by this side or by a peer whose
    /// [code](crate::CloseCode::may_reconnect) says that it makes no sense to come back.
    Closed(Close),
    /// An attempt is under way.
    Connecting {
        /// Which attempt in a row, from 1.
        attempt: u32,
    },
    /// It gave up, for this reason.
    GaveUp(Arc<Error>),
    /// There is a connection.
    Open,
    /// There is no connection, for this reason; the next attempt waits.
    Waiting {
        /// Why the last connection was lost, or why the last attempt failed.
        reason: Arc<Error>,
        /// Which attempt in a row comes next, from 1.
        attempt: u32,
        /// How long it waits.
        delay: Duration,
    },
}
