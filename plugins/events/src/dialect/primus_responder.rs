//! The dialect of primus-responder 1.0.4.

use plimsoll::Message;
use plimsoll_encoding::AnyCodec;
use serde::{Deserialize, Serialize, Serializer};

use super::Dialect;
use super::envelope::{MaybeText, read};
use super::packet::{Incoming, PacketKind, RequestId};
use super::primus::unsupported;
use crate::arguments::Arguments;

pub(super) fn serialize<T: Serialize + ?Sized, S: Serializer>(
    kind: &PacketKind<'_, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match *kind {
        PacketKind::Answer { id, value } => {
            Response { plugin: PLUGIN, response_id: id, data: value }.serialize(serializer)
        }
        PacketKind::Request { id, arguments, .. } => {
            let request_id = id.to_string();
            Request { plugin: PLUGIN, request_id, data: arguments }.serialize(serializer)
        }
        PacketKind::Error { .. } | PacketKind::Event { .. } => unsupported::<S>(),
    }
}

pub(super) fn decode(message: &Message, codec: &AnyCodec) -> Option<Incoming> {
    let envelope: Envelope = read(message, codec)?;
    if envelope.plugin != PLUGIN {
        return None;
    }
    let data = Arguments::in_field(message.clone(), codec, "data");
    match (envelope.request_id.0, envelope.response_id.0) {
        // As in the original, an empty id is none.
        (Some(id), _) if !id.is_empty() => {
            let name = Dialect::RESPONDER_REQUEST.to_owned();
            Some(Incoming::Request { id: RequestId::Text(id), name, arguments: data })
        }
        (_, Some(id)) => Some(Incoming::Answer { id: id.parse().ok()?, answer: Ok(data) }),
        (_, None) => None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a, T: ?Sized> {
    plugin: &'a str,
    request_id: String,
    data: &'a T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a, T: ?Sized> {
    plugin: &'a str,
    response_id: &'a RequestId,
    data: &'a T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    plugin: String,
    #[serde(default)]
    request_id: MaybeText,
    #[serde(default)]
    response_id: MaybeText,
}

const PLUGIN: &str = "primus-responder";
