//! What a server tells a client first.

use std::time::Duration;

use plimsoll::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::packet::protocol;
use crate::Transport;

/// The data of the packet that opens a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Open {
    pub(crate) sid: String,
    /// What the client may move to.
    pub(crate) upgrades: Vec<Transport>,
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    /// How long the body of a request may be, in bytes; old servers do not tell.
    pub(crate) max_payload: Option<usize>,
}

impl Open {
    /// Writes the data, with the keys of the reference implementation in its order. Times are
    /// whole milliseconds.
    pub(crate) fn to_json(&self) -> String {
        let json = Json {
            sid: self.sid.clone(),
            upgrades: self.upgrades.iter().map(|upgrade| upgrade.name().to_owned()).collect(),
            ping_interval: millis(self.ping_interval),
            ping_timeout: millis(self.ping_timeout),
            max_payload: self.max_payload,
        };
        serde_json::to_string(&json).expect("strings and numbers can be written as JSON")
    }

    /// Reads what a server sent. Unknown keys and upgrades are skipped, and times are brought
    /// into bounds, so that a server cannot make its client ping without rest.
    ///
    /// # Errors
    ///
    /// Fails if the data is longer than 16 KiB or is not what it should be, and if the id has
    /// no or more than 256 characters or others than visible ASCII.
    pub(crate) fn parse(json: &str) -> Result<Self, Error> {
        if json.len() > MAX_LEN {
            return Err(Error::with_message(ErrorKind::TooLarge, "an open packet"));
        }
        let json: Json = serde_json::from_str(json)
            .map_err(|error| Error::with_source(ErrorKind::Codec, error))?;
        let graphic = json.sid.bytes().all(|byte| byte.is_ascii_graphic());
        if !(1..=MAX_SID).contains(&json.sid.len()) || !graphic {
            return Err(protocol("the id of a session is none"));
        }
        let upgrades = json.upgrades.iter().filter_map(|name| Transport::named(name));
        Ok(Self {
            upgrades: upgrades.collect(),
            ping_interval: bounded(json.ping_interval),
            ping_timeout: bounded(json.ping_timeout),
            max_payload: json.max_payload.filter(|bytes| *bytes > 0),
            sid: json.sid,
        })
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    sid: String,
    #[serde(default)]
    upgrades: Vec<String>,
    ping_interval: u64,
    ping_timeout: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_payload: Option<usize>,
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn bounded(millis: u64) -> Duration {
    Duration::from_millis(millis).clamp(MIN_TIME, MAX_TIME)
}

const MAX_LEN: usize = 16 * 1024;
const MAX_SID: usize = 256;
const MIN_TIME: Duration = Duration::from_millis(10);
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open() -> Open {
        Open {
            sid: "lv_VI97HAXpY6yYWAAAB".to_owned(),
            upgrades: vec![Transport::WebSocket],
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: Some(1_000_000),
        }
    }

    #[test]
    fn keys_are_those_of_the_reference_implementation_in_its_order() {
        let json = concat!(
            r#"{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":["websocket"],"#,
            r#""pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        );
        assert_eq!(open().to_json(), json);
        assert_eq!(Open::parse(json).unwrap(), open());
    }

    #[test]
    fn other_servers_are_understood() {
        let json = r#" {"pingTimeout":5000, "x":[{}], "pingInterval":0,
            "upgrades":["webtransport","websocket"], "sid":"a", "maxPayload":0} "#;
        let open = Open::parse(json).unwrap();
        assert_eq!(open.upgrades, [Transport::WebSocket]);
        assert_eq!(open.ping_interval, MIN_TIME);
        assert_eq!(open.max_payload, None);
        let json = r#"{"sid":"a","pingInterval":18446744073709551615,"pingTimeout":1}"#;
        assert_eq!(Open::parse(json).unwrap().ping_interval, MAX_TIME);
    }

    #[test]
    fn what_opens_no_session_is_an_error() {
        let with_sid = |sid: &str| format!(r#"{{"sid":"{sid}","pingInterval":1,"pingTimeout":1}}"#);
        assert!(Open::parse(&with_sid("a")).is_ok());
        for json in [
            String::new(),
            "[]".to_owned(),
            r#"{"sid":"a"}"#.to_owned(),
            with_sid(""),
            with_sid(&"a".repeat(257)),
            with_sid("a b"),
            with_sid("a\\r\\n"),
            with_sid("\u{e9}"),
            with_sid("a").replace(":1,", ":-1,"),
            "[".repeat(100_000),
            format!(r#"{{"x":{}"#, "[".repeat(10_000)),
        ] {
            assert!(Open::parse(&json).is_err(), "{json:.100}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(sid in "[!-~]{1,256}", interval in 10..100_000u64) {
            let ping_interval = Duration::from_millis(interval);
            let open = Open { sid, ping_interval, max_payload: None, ..open() };
            prop_assert_eq!(Open::parse(&open.to_json()).unwrap(), open);
        }
    }
}
