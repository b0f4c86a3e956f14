//! What the dialects of Primus have in common.

use serde::ser::{Error, Serializer};

/// Whether an event may have this name; the error says why not.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    let private = name.starts_with("incoming::") || name.starts_with("outgoing::");
    match private || RESERVED.contains(&name) {
        true => Err("Primus reserves this name: its peers ignore such events"),
        false => Ok(()),
    }
}

/// The failure to write what a dialect does not have, for callers that have not asked before.
pub(super) fn unsupported<S: Serializer>() -> Result<S::Ok, S::Error> {
    Err(S::Error::custom("the dialect has no such packet"))
}

/// What `reserved` of Primus 8 says no to, on the client or on the server: the events of their
/// own, those that both treat as such, and what every object of JavaScript has.
const RESERVED: [&str; 30] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "close",
    "constructor",
    "data",
    "destroy",
    "end",
    "error",
    "hasOwnProperty",
    "heartbeat",
    "isPrototypeOf",
    "newListener",
    "offline",
    "online",
    "open",
    "propertyIsEnumerable",
    "readyStateChange",
    "reconnect",
    "reconnect failed",
    "reconnect scheduled",
    "reconnect timeout",
    "reconnected",
    "removeListener",
    "timeout",
    "toLocaleString",
    "toString",
    "valueOf",
];
