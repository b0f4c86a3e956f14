//! The metrics.

use metrics::{Counter, Gauge, Unit, counter, describe_counter, describe_gauge, gauge};
use plimsoll::CloseCode;

use crate::labels;
use crate::seen::{Kind, Seen};

/// Tells the recorder what the metrics mean, for those that show it. Once, after the recorder
/// was installed; without one it does nothing.
pub fn describe_metrics() {
    for (name, unit, text) in [
        (OPENED, Unit::Count, "Connections that were opened"),
        (CLOSED, Unit::Count, "Connections that were closed, by code"),
        (REJECTED, Unit::Count, "Handshakes that were turned away, by status"),
        (MESSAGES, Unit::Count, "Messages, by direction and kind"),
        (BYTES, Unit::Bytes, "Payloads of messages, by direction"),
    ] {
        describe_counter!(name, unit, text);
    }
    describe_gauge!(OPEN, Unit::Count, "Connections that are open");
    describe_gauge!(SESSIONS, Unit::Count, "Sessions that a transport keeps");
}

/// Records how many sessions a transport of many requests keeps, such as `EngineIo::sessions` and
/// `SockJs::sessions` tell, with those that have ended and wait for their client. To be called
/// now and then, for example whenever the recorder is read.
///
/// ```
/// # let sessions = 3; // engine.sessions()
/// plimsoll_trace::record_sessions("engineio", sessions);
/// ```
pub fn record_sessions(transport: &'static str, sessions: usize) {
    gauge!(SESSIONS, "transport" => transport).set(sessions as f64);
}

/// Counts a handshake that was turned away.
pub(crate) fn rejected(transport: &'static str, status: u16) {
    let status = labels::status(status);
    counter!(REJECTED, "transport" => transport, "status" => status).increment(1);
}

/// The counters of one connection: looked up once, then free of locks.
pub(crate) struct Meters {
    transport: &'static str,
    open: Gauge,
    pub(crate) received: Direction,
    pub(crate) sent: Direction,
}

impl Meters {
    /// Counts a connection that was opened.
    pub(crate) fn open(transport: &'static str) -> Self {
        counter!(OPENED, "transport" => transport).increment(1);
        let open = gauge!(OPEN, "transport" => transport);
        open.increment(1);
        let received = Direction::new(transport, "in");
        Self { transport, open, received, sent: Direction::new(transport, "out") }
    }

    /// Counts the end of the connection.
    pub(crate) fn close(&self, code: CloseCode) {
        self.open.decrement(1);
        let code = labels::code(code);
        counter!(CLOSED, "transport" => self.transport, "code" => code).increment(1);
    }
}

/// What goes one way.
pub(crate) struct Direction {
    pub(crate) name: &'static str,
    /// How many messages of this connection.
    pub(crate) messages: u64,
    text: Counter,
    binary: Counter,
    bytes: Counter,
}

impl Direction {
    fn new(transport: &'static str, name: &'static str) -> Self {
        let messages = |kind| counter!(MESSAGES, "transport" => transport, "direction" => name, "kind" => kind);
        Self {
            name,
            messages: 0,
            text: messages("text"),
            binary: messages("binary"),
            bytes: counter!(BYTES, "transport" => transport, "direction" => name),
        }
    }

    pub(crate) fn count(&mut self, seen: Seen) {
        let kind = match seen.kind {
            Kind::Binary => &self.binary,
            Kind::Text => &self.text,
            Kind::Close(_) | Kind::Other | Kind::Ping | Kind::Pong => return,
        };
        kind.increment(1);
        self.messages += 1;
        self.bytes.increment(seen.bytes as u64);
    }
}

const OPENED: &str = "plimsoll_connections_opened_total";
const CLOSED: &str = "plimsoll_connections_closed_total";
const OPEN: &str = "plimsoll_connections_open";
const SESSIONS: &str = "plimsoll_sessions";
const REJECTED: &str = "plimsoll_handshakes_rejected_total";
const MESSAGES: &str = "plimsoll_messages_total";
const BYTES: &str = "plimsoll_bytes_total";
