//! The plugin and its options.

use plimsoll::{BoxDuplex, Info, Plugin, Reject};
use tracing::{debug, info_span};

use crate::meters;
use crate::span::ConnectionSpan;
use crate::traced::Traced;

/// Gives each connection a span, and counts connections, messages, bytes and refusals.
///
/// What is recorded is told on the [front page](crate).
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    path: bool,
}

impl Trace {
    /// Records all that is on the front page.
    pub fn new() -> Self {
        Self { path: true }
    }

    /// Sets whether paths are recorded. Default: they are.
    ///
    /// Leave them out if they hold what should not be in logs: names of people, tokens, or the
    /// session ids that polling transports may have there.
    #[must_use]
    pub fn path(mut self, recorded: bool) -> Self {
        self.path = recorded;
        self
    }

    fn path_of<'a>(&self, info: &'a Info) -> Option<&'a str> {
        self.path.then(|| info.uri().path())
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

impl Plugin for Trace {
    fn refused(&self, info: &Info, reject: &Reject) {
        meters::rejected(info.transport(), reject.status().as_u16());
        debug!(
            id = %info.id(),
            transport = info.transport(),
            peer = peer(info).as_deref(),
            path = self.path_of(info),
            status = reject.status().as_u16(),
            "refused"
        );
    }

    fn wrap(&self, io: BoxDuplex, info: &mut Info) -> BoxDuplex {
        let span = info_span!(
            "connection",
            id = %info.id(),
            transport = info.transport(),
            peer = peer(info).as_deref(),
            path = self.path_of(info),
            protocol = info.protocol(),
        );
        info.insert(ConnectionSpan(span.clone()));
        Box::new(Traced::new(io, span, info.transport()))
    }
}

/// As a string, since subscribers escape what a peer may have put into one.
fn peer(info: &Info) -> Option<String> {
    info.peer().map(ToString::to_string)
}
