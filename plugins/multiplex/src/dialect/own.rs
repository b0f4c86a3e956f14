//! The project's own dialect. `WIRE.md` describes it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use plimsoll::{Close, Error, ErrorKind, Message, Reject, Text};
use serde::{Deserialize, Serialize};

use super::{Key, MAX_HANDSHAKE, Packet, Request, Response};

pub(super) fn encode(id: u32, packet: Packet, binary: bool) -> Message {
    match packet {
        Packet::Accept(response) => text(ACCEPT, id, &json(&Accept::from(&response))),
        Packet::Close(close) => {
            let code = match close.code.is_sendable() {
                true => close.code,
                false => plimsoll::CloseCode::NO_STATUS,
            };
            text(CLOSE, id, &format!("{},{}", u16::from(code), close.wire_reason()))
        }
        Packet::Credit(bytes) => text(CREDIT, id, &bytes.to_string()),
        Packet::End => text(END, id, ""),
        Packet::Message(message) => match message.as_text() {
            Some(payload) => text(TEXT, id, payload),
            None if binary => Message::binary(framed(BINARY, id, message.as_bytes())),
            None => text(BINARY, id, &STANDARD.encode(message.as_bytes())),
        },
        Packet::Open(request) => text(OPEN, id, &json(&Open::from(&request))),
        Packet::Refuse(reject) => text(REFUSE, id, &refusal(&reject)),
    }
}

pub(super) fn decode(message: Message) -> Result<(Key, Packet), Error> {
    let is_text = message.is_text();
    let bytes = message.into_bytes();
    let (kind, id, at) = header(&bytes).ok_or_else(|| protocol("a packet has no header"))?;
    let payload = bytes.slice(at..);
    let packet = match (kind, is_text) {
        (BINARY, false) => Packet::Message(Message::binary(payload)),
        (_, false) => return Err(protocol("a binary packet is not of a kind that is binary")),
        (TEXT, true) => Packet::Message(Message::text(utf8(payload)?)),
        (BINARY, true) => {
            let decoded = STANDARD.decode(&payload);
            Packet::Message(decoded.map_err(|_| protocol("binary data is not base64"))?.into())
        }
        (ACCEPT, true) => Packet::Accept(parse::<Accept<'_>>(&payload)?.response()?),
        (CLOSE, true) => Packet::Close(close(payload)?),
        (CREDIT, true) => Packet::Credit(
            number(&payload).ok_or_else(|| protocol("a credit is not a number of bytes"))?,
        ),
        (END, true) if payload.is_empty() => Packet::End,
        (OPEN, true) => Packet::Open(parse::<Open<'_>>(&payload)?.request()?),
        (REFUSE, true) => Packet::Refuse(parse::<Refuse<'_>>(&payload)?.reject()?),
        _ => return Err(protocol("a packet is of no known kind")),
    };
    Ok((Key::Number(id), packet))
}

/// What does not fit is left out.
fn refusal(reject: &Reject) -> String {
    let whole = json(&Refuse::from(reject));
    if whole.len() <= MAX_HANDSHAKE {
        return whole;
    }
    let status = reject.status().as_u16();
    json(&Refuse { status, reason: Cow::Borrowed(""), headers: Vec::new() })
}

/// The kind, the channel, and where the payload begins.
fn header(bytes: &[u8]) -> Option<(u8, u32, usize)> {
    let colon = bytes.iter().take(MAX_HEADER).position(|byte| *byte == b':')?;
    Some((*bytes.first()?, number(bytes.get(1..colon)?)?, colon + 1))
}

fn number(digits: &[u8]) -> Option<u32> {
    let is_plain = digits.iter().all(u8::is_ascii_digit);
    is_plain.then(|| str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

fn close(payload: Bytes) -> Result<Close, Error> {
    let malformed = || protocol("a close has no code");
    let comma = payload.iter().take(6).position(|byte| *byte == b',').ok_or_else(malformed)?;
    let code = number(&payload[..comma]).and_then(|code| u16::try_from(code).ok());
    let close = Close::new(code.ok_or_else(malformed)?.into(), utf8(payload.slice(comma + 1..))?);
    Ok(Close::new(close.code, close.wire_reason()))
}

fn utf8(bytes: Bytes) -> Result<Text, Error> {
    Text::from_utf8(bytes).map_err(|_| protocol("text is not UTF-8"))
}

fn text(kind: u8, id: u32, payload: &str) -> Message {
    let framed = framed(kind, id, payload.as_bytes());
    Message::text(Text::from_utf8(framed).expect("a header of ASCII before a `str`"))
}

fn framed(kind: u8, id: u32, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(MAX_HEADER + payload.len());
    out.put_u8(kind);
    out.put_slice(id.to_string().as_bytes());
    out.put_u8(b':');
    out.put_slice(payload);
    out.freeze()
}

#[derive(Deserialize, Serialize)]
struct Open<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    window: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    query: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    protocols: Vec<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    headers: Headers<'a>,
}

#[derive(Deserialize, Serialize)]
struct Accept<'a> {
    window: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    protocol: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    headers: Headers<'a>,
}

#[derive(Deserialize, Serialize)]
struct Refuse<'a> {
    status: u16,
    #[serde(borrow, default)]
    reason: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    headers: Headers<'a>,
}

type Headers<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl Open<'_> {
    fn request(self) -> Result<Request, Error> {
        if self.protocols.len() > MAX_PROTOCOLS {
            return Err(protocol("an opening offers at most 32 subprotocols"));
        }
        Ok(Request {
            name: self.name.into(),
            query: self.query.map(Cow::into_owned),
            protocols: self.protocols.into_iter().map(Cow::into_owned).collect(),
            headers: header_map(self.headers)?,
            window: self.window,
        })
    }
}

impl<'a> From<&'a Request> for Open<'a> {
    fn from(request: &'a Request) -> Self {
        Self {
            name: Cow::Borrowed(&request.name),
            window: request.window,
            query: request.query.as_deref().map(Cow::Borrowed),
            protocols: request.protocols.iter().map(|it| Cow::Borrowed(it.as_str())).collect(),
            headers: headers(&request.headers),
        }
    }
}

impl Accept<'_> {
    fn response(self) -> Result<Response, Error> {
        Ok(Response {
            protocol: self.protocol.map(Cow::into_owned),
            headers: header_map(self.headers)?,
            window: self.window,
        })
    }
}

impl<'a> From<&'a Response> for Accept<'a> {
    fn from(response: &'a Response) -> Self {
        Self {
            window: response.window,
            protocol: response.protocol.as_deref().map(Cow::Borrowed),
            headers: headers(&response.headers),
        }
    }
}

impl Refuse<'_> {
    fn reject(self) -> Result<Reject, Error> {
        let status = StatusCode::from_u16(self.status).ok();
        let status = status.filter(|status| status.is_client_error() || status.is_server_error());
        let status = status.ok_or_else(|| protocol("the status of a refusal is not one"))?;
        let reject = Reject::new(status, self.reason.into_owned());
        let headers = header_map(self.headers)?;
        let named = headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        Ok(named.fold(reject, |reject, (name, value)| reject.with_header(name, value)))
    }
}

impl<'a> From<&'a Reject> for Refuse<'a> {
    fn from(reject: &'a Reject) -> Self {
        let body = reject.body();
        Self {
            status: reject.status().as_u16(),
            reason: String::from_utf8_lossy(body.get(..MAX_REASON).unwrap_or(body)),
            headers: headers(reject.headers()),
        }
    }
}

/// Leaves out what is no text.
fn headers(map: &HeaderMap) -> Headers<'_> {
    let all = map.iter().take(MAX_HEADERS);
    all.filter_map(|(name, value)| Some((name.as_str().into(), value.to_str().ok()?.into())))
        .collect()
}

fn header_map(headers: Headers<'_>) -> Result<HeaderMap, Error> {
    if headers.len() > MAX_HEADERS {
        return Err(protocol("there are at most 64 headers"));
    }
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = name.parse::<HeaderName>();
        let name = name.map_err(|_| protocol("the name of a header is not one"))?;
        let value = HeaderValue::from_str(&value);
        map.append(name, value.map_err(|_| protocol("the value of a header is not one"))?);
    }
    Ok(map)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and numbers are JSON")
}

fn parse<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Error> {
    if payload.len() > MAX_HANDSHAKE {
        return Err(protocol("a handshake has at most 8 KiB"));
    }
    serde_json::from_slice(payload).map_err(|_| protocol("a handshake is malformed"))
}

fn protocol(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Protocol, message)
}

const ACCEPT: u8 = b'a';
const BINARY: u8 = b'b';
const CREDIT: u8 = b'c';
const END: u8 = b'e';
const OPEN: u8 = b'o';
const REFUSE: u8 = b'r';
const TEXT: u8 = b't';
const CLOSE: u8 = b'x';
/// A letter, ten digits and a colon.
const MAX_HEADER: usize = 12;
const MAX_HEADERS: usize = 64;
const MAX_PROTOCOLS: usize = 32;
/// How much of the body of a refusal is sent, in bytes.
const MAX_REASON: usize = 1024;
