use std::io;

use bytes::Bytes;
use plimsoll::{Error, ErrorKind};
use serde::Serialize;
use serde_json::Value;

/// What a server tells a client before it connects: the answer to `/info`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ServerInfo {
    /// Whether WebSocket is on.
    pub(crate) websocket: bool,
    /// Whether a load balancer needs the cookie JSESSIONID.
    pub(crate) cookie_needed: bool,
    /// The URL to use for everything else.
    pub(crate) base_url: Option<String>,
}

impl ServerInfo {
    /// The JSON for the client, with 32 random bits for clients that have none.
    pub(crate) fn encode(&self, entropy: u32) -> Bytes {
        let json = Json {
            websocket: self.websocket,
            origins: ["*:*"],
            cookie_needed: self.cookie_needed,
            entropy,
            base_url: self.base_url.as_deref(),
        };
        serde_json::to_vec(&json).expect("booleans, numbers and strings are JSON").into()
    }

    /// Reads the JSON of a server, which may leave out anything: as for other clients, only a
    /// `false` switches WebSocket off, and what is not an object says nothing.
    pub(crate) fn parse(json: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(json).unwrap_or_default();
        let base_url = json["base_url"].as_str().filter(|url| !url.is_empty());
        Self {
            websocket: json["websocket"] != Value::Bool(false),
            cookie_needed: json["cookie_needed"] == Value::Bool(true),
            base_url: base_url.map(str::to_owned),
        }
    }
}

/// 32 bits from the operating system.
///
/// # Errors
///
/// Fails with [`ErrorKind::Io`] if there are none.
pub(crate) fn entropy() -> Result<u32, Error> {
    getrandom::u32()
        .map_err(|error| Error::with_source(ErrorKind::Io, io::Error::other(error.to_string())))
}

/// The fields in the order of the reference server.
#[derive(Serialize)]
struct Json<'a> {
    websocket: bool,
    origins: [&'static str; 1],
    cookie_needed: bool,
    entropy: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_that_of_the_reference() {
        let mut info = ServerInfo { websocket: true, cookie_needed: false, base_url: None };
        let json =
            r#"{"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":4294967295}"#;
        assert_eq!(info.encode(u32::MAX), json);
        assert_eq!(ServerInfo::parse(&info.encode(0)), info);
        info.base_url = Some("https://a.example/\"".into());
        let json = info.encode(1);
        assert!(json.ends_with(b",\"entropy\":1,\"base_url\":\"https://a.example/\\\"\"}"));
        assert_eq!(ServerInfo::parse(&json), info);
    }

    #[test]
    fn a_server_may_leave_out_anything() {
        let nothing = ServerInfo { websocket: true, cookie_needed: false, base_url: None };
        for json in ["", "{}", "[]", "1", "null", "{", "{\"base_url\":\"\"}", "{\"websocket\":0}"] {
            assert_eq!(ServerInfo::parse(json.as_bytes()), nothing, "{json}");
        }
        assert_eq!(ServerInfo::parse("[".repeat(100_000).as_bytes()), nothing);
        assert!(!ServerInfo::parse(b"{\"websocket\":false}").websocket);
    }

    #[test]
    fn entropy_differs() {
        let drawn: std::collections::HashSet<_> = (0..8).map(|_| entropy().unwrap()).collect();
        assert!(drawn.len() > 1);
    }
}
