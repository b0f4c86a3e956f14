use plimsoll::session::Session;
use tokio::sync::Mutex;

/// What requests find in the table of sessions.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) session: Session,
    /// Requests that send wait for each other, in the order in which they came.
    pub(super) sending: Mutex<()>,
}

impl Client {
    pub(super) fn new(session: Session) -> Self {
        Self { session, sending: Mutex::new(()) }
    }
}
