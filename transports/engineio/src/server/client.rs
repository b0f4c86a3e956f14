//! What requests find in the table of sessions.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plimsoll::BoxDuplex;
use plimsoll::session::Session;

use super::upgrade::{Event, Step, Upgrade};
use crate::codec::Dialect;

/// A client, as its requests and its connection see it.
pub(super) struct Client {
    dialect: Dialect,
    state: Mutex<State>,
}

struct State {
    upgrade: Upgrade,
    /// `None` once a WebSocket carries the session.
    session: Option<Session>,
    /// The WebSocket that was accepted, on its way to the connection.
    opening: Option<Opening>,
}

/// What becomes a WebSocket once its request is answered.
pub(super) type Opening = Pin<Box<dyn Future<Output = Option<BoxDuplex>> + Send>>;

impl Client {
    /// A client that polls.
    pub(super) fn polling(dialect: Dialect, session: Session) -> Self {
        Self::new(dialect, Upgrade::Polling, Some(session))
    }

    /// A client that has come by WebSocket.
    pub(super) fn websocket(dialect: Dialect) -> Self {
        Self::new(dialect, Upgrade::Moved, None)
    }

    fn new(dialect: Dialect, upgrade: Upgrade, session: Option<Session>) -> Self {
        Self { dialect, state: Mutex::new(State { upgrade, session, opening: None }) }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The session, as long as it is carried by polling.
    pub(super) fn session(&self) -> Option<Session> {
        self.lock().session.clone()
    }

    /// Hands a WebSocket to the connection, if it takes one.
    pub(super) fn offer(&self, opening: Opening) {
        let mut state = self.lock();
        // One that is not taken is closed by being dropped.
        if state.upgrade.on(Event::WebSocket) != Step::Accept {
            drop(state);
            return drop(opening);
        }
        state.opening = Some(opening);
        let session = state.session.clone();
        drop(state);
        session.iter().for_each(Session::wake);
    }

    /// The WebSocket that was accepted, once.
    pub(super) fn take_opening(&self) -> Option<Opening> {
        self.lock().opening.take()
    }

    /// Whether polls end at once.
    pub(super) fn ends_polls(&self) -> bool {
        self.lock().upgrade.ends_polls()
    }

    /// Tells what happens on the WebSocket that was accepted.
    pub(super) fn on(&self, event: Event<'_>) -> Step {
        let mut state = self.lock();
        let step = state.upgrade.on(event);
        let session = match step {
            Step::Move => state.session.take(),
            Step::Answer => state.session.clone(),
            Step::Accept | Step::Close => None,
        };
        drop(state);
        session.iter().for_each(Session::release);
        step
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
