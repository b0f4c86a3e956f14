//! What a request asks for.

use bytes::Bytes;
use data_encoding::BASE64;
use plimsoll::Message;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::answer::Refusal;
use crate::options::Limits;

/// What is to be sent to whom.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) recipients: Recipients,
    pub(crate) payload: Payload,
}

#[derive(Debug)]
pub(crate) enum Payload {
    Message(Message),
    Value(Value),
}

#[derive(Debug, Default)]
pub(crate) struct Recipients {
    pub(crate) all: bool,
    pub(crate) rooms: Vec<String>,
    pub(crate) patterns: Vec<String>,
    pub(crate) topics: Vec<String>,
    pub(crate) connections: Vec<String>,
    pub(crate) except_rooms: Vec<String>,
    pub(crate) except_connections: Vec<String>,
}

impl Recipients {
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), Refusal> {
        let Self { all: _, rooms, patterns, topics, connections, except_rooms, except_connections } =
            self;
        let lists = [rooms, patterns, topics, connections, except_rooms, except_connections];
        if lists.iter().map(|list| list.len()).sum::<usize>() > limits.max_names {
            let max = limits.max_names;
            return Err(Refusal::bad_request(format!("more than {max} rooms and connections")));
        }
        if patterns.len() + topics.len() > limits.max_patterns {
            let max = limits.max_patterns;
            return Err(Refusal::bad_request(format!("more than {max} patterns and topics")));
        }
        Ok(())
    }
}

impl Order {
    /// Parses a request in this crate's own format.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let request = object(body)
            .map_err(|error| Refusal::bad_request(format!("not a request: {error}")))?;
        let Request {
            all,
            rooms,
            patterns,
            topics,
            connections,
            except_rooms,
            except_connections,
            text,
            value,
            binary,
        } = request;
        let somebody =
            [&rooms, &patterns, &topics, &connections].iter().any(|list| !list.is_empty());
        if all == somebody {
            let reason = "say to whom: either `all`, or any of `rooms`, `patterns`, \
                          `topics` and `connections`";
            return Err(Refusal::bad_request(reason));
        }
        let payload = match (text, value, binary) {
            (Some(text), None, None) => Payload::Message(Message::text(text)),
            (None, Some(value), None) => Payload::Value(value),
            (None, None, Some(binary)) => match BASE64.decode(binary.as_bytes()) {
                Ok(data) => Payload::Message(Message::binary(Bytes::from(data))),
                Err(error) => {
                    let reason = format!("`binary` is not Base64: {error}");
                    return Err(Refusal::bad_request(reason));
                }
            },
            _ => {
                let reason = "say what: exactly one of `text`, `value` and `binary`";
                return Err(Refusal::bad_request(reason));
            }
        };
        let recipients = Recipients {
            all,
            rooms,
            patterns,
            topics,
            connections,
            except_rooms,
            except_connections,
        };
        Ok(Self { recipients, payload })
    }
}

/// Parses a JSON object. Without a look at its beginning, an array would do for a struct, too.
pub(crate) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(serde_json::Error::custom("expected a JSON object"));
    }
    serde_json::from_slice(body)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Request {
    all: bool,
    rooms: Vec<String>,
    patterns: Vec<String>,
    topics: Vec<String>,
    connections: Vec<String>,
    except_rooms: Vec<String>,
    except_connections: Vec<String>,
    text: Option<String>,
    #[serde(deserialize_with = "present")]
    value: Option<Value>,
    binary: Option<String>,
}

/// Takes `null` for a value, too.
pub(crate) fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}
