//! The closes that the protocol defines.

use plimsoll::{Close, CloseCode};

/// For a receiving request while there is another: 2010.
pub(crate) fn another_connection() -> Close {
    Close::new(CloseCode::from(2010), "Another connection still open")
}

/// For a client that comes back after a receiving request of its was cut: 1002.
pub(crate) fn interrupted() -> Close {
    Close::new(CloseCode::PROTOCOL, "Connection interrupted")
}

/// For a client whose WebSocket message was not JSON: 3000.
pub(crate) fn broken_framing() -> Close {
    Close::new(CloseCode::from(3000), "Broken framing.")
}

/// For a client that left a WebSocket ping unanswered: 3000.
pub(crate) fn no_heartbeat() -> Close {
    Close::new(CloseCode::from(3000), "No response from heartbeat")
}

/// On a client whose server opens the session again: 1006.
pub(crate) fn lost_session() -> Close {
    Close::new(CloseCode::ABNORMAL, "Server lost session")
}

/// The reason that travels: a normal close has one even if none was given.
pub(crate) fn reason(close: &Close) -> &str {
    match close.wire_reason() {
        "" if close.code == CloseCode::NORMAL => NORMAL_CLOSURE,
        reason => reason,
    }
}

/// The close that a peer gave the reason of which travelled: the inverse of [`reason`].
pub(crate) fn given(close: Close) -> Close {
    match &*close.reason {
        NORMAL_CLOSURE if close.code == CloseCode::NORMAL => Close::normal(),
        _ => close,
    }
}

const NORMAL_CLOSURE: &str = "Normal closure";
