//! The dialect of this crate.

use plimsoll::Message;
use plimsoll_encoding::AnyCodec;
use serde::{Deserialize, Serialize, Serializer};

use super::envelope::read;
use super::packet::{Incoming, PacketKind, RequestId};
use crate::arguments::Arguments;
use crate::{Event, RemoteError};

pub(super) fn serialize<T: Serialize + ?Sized, S: Serializer>(
    kind: &PacketKind<'_, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match *kind {
        PacketKind::Answer { id, value } => {
            Answer { answer: id, data: value }.serialize(serializer)
        }
        PacketKind::Error { id, error } => {
            Failure { error: id, code: error.code(), message: error.message() }
                .serialize(serializer)
        }
        PacketKind::Event { name, arguments } => {
            EventPacket { event: name, data: arguments }.serialize(serializer)
        }
        PacketKind::Request { name, id, arguments } => {
            Request { request: name, id, data: arguments }.serialize(serializer)
        }
    }
}

pub(super) fn decode(message: &Message, codec: &AnyCodec) -> Option<Incoming> {
    let envelope: Envelope = read(message, codec)?;
    let data = || Arguments::in_field(message.clone(), codec, "data");
    match envelope {
        Envelope { event: Some(name), request: None, answer: None, error: None, .. } => {
            Some(Incoming::Event(Event::new(name, data())))
        }
        Envelope { event: None, request: Some(name), answer: None, error: None, id, .. } => {
            Some(Incoming::Request { id: RequestId::Number(id?), name, arguments: data() })
        }
        Envelope { event: None, request: None, answer: Some(id), error: None, .. } => {
            Some(Incoming::Answer { id, answer: Ok(data()) })
        }
        Envelope {
            event: None,
            request: None,
            answer: None,
            error: Some(id),
            code,
            message,
            ..
        } => {
            let error = RemoteError::new(code?, message.unwrap_or_default());
            Some(Incoming::Answer { id, answer: Err(error) })
        }
        _ => None,
    }
}

#[derive(Serialize)]
struct Answer<'a, T: ?Sized> {
    answer: &'a RequestId,
    data: &'a T,
}

#[derive(Serialize)]
struct EventPacket<'a, T: ?Sized> {
    event: &'a str,
    data: &'a T,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a RequestId,
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Request<'a, T: ?Sized> {
    request: &'a str,
    id: u64,
    data: &'a T,
}

#[derive(Deserialize)]
struct Envelope {
    event: Option<String>,
    request: Option<String>,
    id: Option<u64>,
    answer: Option<u64>,
    error: Option<u64>,
    code: Option<String>,
    message: Option<String>,
}
