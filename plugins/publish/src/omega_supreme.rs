//! The requests and answers of omega-supreme.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Refusal;
use crate::order::{Order, Payload, Recipients, object, present};

/// Parses `{"msg": .., "sparks": ..}`: to one connection, a list of them, or all.
pub(crate) fn parse(body: &[u8]) -> Result<Order, Refusal> {
    let request: Request = object(body)
        .map_err(|error| Refusal::bad_request(format!("invalid data structure: {error}")))?;
    let Some(message) = request.msg else {
        return Err(Refusal::bad_request("invalid data structure: no `msg`"));
    };
    let mut recipients = Recipients::default();
    match request.sparks {
        Some(Sparks::Several(ids)) => recipients.connections = ids,
        Some(Sparks::One(id)) if !id.is_empty() => recipients.connections.push(id),
        Some(Sparks::One(_)) | None => recipients.all = true,
    }
    Ok(Order { recipients, payload: Payload::Value(message) })
}

#[derive(Serialize)]
pub(crate) struct Sent {
    pub(crate) ok: bool,
    pub(crate) send: usize,
}

#[derive(Serialize)]
pub(crate) struct Refused<'a> {
    pub(crate) ok: bool,
    pub(crate) reason: &'a str,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default, deserialize_with = "present")]
    msg: Option<Value>,
    sparks: Option<Sparks>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`sparks` is an id or a list of ids")]
enum Sparks {
    One(String),
    Several(Vec<String>),
}
