//! How one session speaks to the server.

/// A protocol, for one session: bytes in, bytes and events out, no I/O.
///
/// A session has up to [`LANES`] TCP connections, called lanes; a protocol over HTTP needs one to
/// receive and one to send. A lane connects when something is first written to it.
///
/// The prepared bytes of a message are best shared by all sessions of a run: there may be ten
/// thousand of them.
pub(super) trait Protocol {
    /// Writes whatever opens the session. Called once, before everything else.
    fn open(&mut self, lanes: &mut Lanes);

    /// Understands what arrived on `lane` and returns how many bytes that were. The others come
    /// again when more has arrived. Every message is compared with what must come.
    fn received(&mut self, lane: usize, bytes: &[u8], lanes: &mut Lanes) -> Result<usize, String>;

    /// Writes the message `count` times. Called only after [`Lanes::ready`].
    fn send(&mut self, count: u64, lanes: &mut Lanes);

    /// The server closed `lane`. An error if it should not have.
    fn ended(&mut self, lane: usize, lanes: &mut Lanes) -> Result<(), String>;

    /// Writes whatever closes the session in order. This or what follows must end in
    /// [`Lanes::closed`].
    fn close(&mut self, lanes: &mut Lanes);
}

/// The connections of a session, as its protocol sees them, and what it has to report.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    output: [Vec<u8>; LANES],
    ready: bool,
    messages: u64,
    closed: bool,
}

impl Lanes {
    /// Where to put what goes out on `lane`.
    pub(super) fn output(&mut self, lane: usize) -> &mut Vec<u8> {
        &mut self.output[lane]
    }

    /// The session is open: messages may be sent.
    pub(super) fn ready(&mut self) {
        self.ready = true;
    }

    /// A message arrived, and it was the right one.
    pub(super) fn message(&mut self) {
        self.messages += 1;
    }

    /// The session is over.
    pub(super) fn closed(&mut self) {
        self.closed = true;
    }

    pub(super) fn take_ready(&mut self) -> bool {
        std::mem::take(&mut self.ready)
    }

    pub(super) fn take_messages(&mut self) -> u64 {
        std::mem::take(&mut self.messages)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// Connections that a session may have at the same time.
pub(super) const LANES: usize = 2;
