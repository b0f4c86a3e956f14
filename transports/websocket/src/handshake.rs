//! The opening handshake without input or output: RFC 6455, section 4, and RFC 8441.
//!
//! Every header is untrusted bytes here. Nothing is quadratic, and nothing panics.

use bytes::{Bytes, BytesMut};
use data_encoding::BASE64;
use http::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use plimsoll::{Error, ErrorKind, Reject};
use sha1::{Digest, Sha1};

/// A request that is a valid handshake, and what to answer it with.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Accept {
    /// With status 101 and this proof that the request was understood.
    Upgrade(HeaderValue),
    /// With status 200: the stream of an extended CONNECT is the connection.
    Stream,
}

impl Accept {
    /// Checks a request. `protocol` is the pseudo-header of that name, which HTTP/2 has.
    pub(crate) fn check(
        method: &Method,
        version: Version,
        protocol: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Self, Reject> {
        if version < Version::HTTP_11 {
            return Err(bad_request("a WebSocket needs HTTP/1.1 or HTTP/2"));
        }
        if version > Version::HTTP_11 {
            if method != Method::CONNECT {
                return Err(wrong_method("CONNECT"));
            }
            if protocol != Some("websocket") {
                return Err(bad_request("the protocol must be `websocket`"));
            }
            check_version(headers)?;
            return Ok(Self::Stream);
        }
        if method != Method::GET {
            return Err(wrong_method("GET"));
        }
        if !has_token(headers, UPGRADE, "websocket") {
            return Err(upgrade_required("this is for WebSocket clients"));
        }
        if !has_token(headers, CONNECTION, "upgrade") {
            return Err(bad_request("the connection header must say `upgrade`"));
        }
        check_version(headers)?;
        if has_body(headers) {
            return Err(bad_request("a WebSocket handshake has no body"));
        }
        let key = only(headers, SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
        let key = key.ok_or_else(|| bad_request("the WebSocket key must be 16 bytes in base64"))?;
        Ok(Self::Upgrade(accept_key(key.as_bytes())))
    }

    /// Fills in the response: the status, and the headers that belong to the handshake.
    pub(crate) fn answer(self, headers: &mut HeaderMap, protocol: Option<&str>) -> StatusCode {
        if let Some(Ok(protocol)) = protocol.map(HeaderValue::from_str) {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        match self {
            Self::Upgrade(accept) => {
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
                StatusCode::SWITCHING_PROTOCOLS
            }
            Self::Stream => StatusCode::OK,
        }
    }
}

/// The subprotocols that a request offers, most wanted first. What cannot be a name is not
/// offered, and more than 64 names are not read.
pub(crate) fn offered(headers: &HeaderMap) -> Vec<String> {
    let lists = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let names = lists.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    let names = names.map(<[u8]>::trim_ascii).filter(|name| is_name(name));
    // What `is_name` lets through is ASCII.
    names
        .take(MAX_OFFERED)
        .filter_map(|name| str::from_utf8(name).ok().map(str::to_owned))
        .collect()
}

/// What an application may want to know of the headers, in memory of its own: a value of hyper
/// is a part of its read buffer, and would keep it alive.
pub(crate) fn keep(headers: &HeaderMap) -> HeaderMap {
    let kept = || headers.iter().filter(|(name, _)| !SPENT.contains(name));
    let mut bytes = BytesMut::with_capacity(kept().map(|(_, value)| value.len()).sum());
    kept().for_each(|(_, value)| bytes.extend_from_slice(value.as_bytes()));
    let bytes = bytes.freeze();
    let mut copy = HeaderMap::with_capacity(kept().count());
    let mut begin = 0;
    for (name, value) in kept() {
        let end = begin + value.len();
        if let Ok(mut value_copy) = HeaderValue::from_maybe_shared(bytes.slice(begin..end)) {
            value_copy.set_sensitive(value.is_sensitive());
            copy.append(name, value_copy);
        }
        begin = end;
    }
    copy
}

/// The URI in memory of its own.
pub(crate) fn keep_uri(uri: &Uri) -> Uri {
    Uri::from_maybe_shared(Bytes::from(uri.to_string())).unwrap_or_default()
}

/// A key for a request: 16 random bytes.
pub(crate) fn random_key() -> HeaderValue {
    let key = BASE64.encode(&rand::random::<[u8; 16]>());
    HeaderValue::from_str(&key).unwrap_or(HeaderValue::from_static("AAAAAAAAAAAAAAAAAAAAAA=="))
}

/// Adds to a client's request what makes it a handshake.
pub(crate) fn offer(headers: &mut HeaderMap, protocols: &[String]) -> Result<(), Error> {
    for name in SPENT {
        headers.remove(name);
    }
    headers.remove(SEC_WEBSOCKET_PROTOCOL);
    headers.insert(SEC_WEBSOCKET_VERSION, VERSION);
    if let Some(name) = protocols.iter().find(|name| !is_name(name.as_bytes())) {
        let message = format!("`{name}` cannot be the name of a subprotocol");
        return Err(Error::with_message(ErrorKind::Config, message));
    }
    if !protocols.is_empty() {
        let list = HeaderValue::from_str(&protocols.join(", "));
        let list = list.map_err(|error| Error::with_source(ErrorKind::Config, error))?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, list);
    }
    Ok(())
}

/// Checks a server's answer to an upgrade request with `key`.
pub(crate) fn check_upgrade(headers: &HeaderMap, key: &HeaderValue) -> Result<(), Error> {
    if !has_token(headers, UPGRADE, "websocket") || !has_token(headers, CONNECTION, "upgrade") {
        return Err(broken("the server switched to another protocol than WebSocket"));
    }
    if only(headers, SEC_WEBSOCKET_ACCEPT) != Some(&accept_key(key.as_bytes())) {
        return Err(broken("the server's proof does not fit the key of the request"));
    }
    Ok(())
}

/// The subprotocol that a server chose, which must be one that was offered. Choosing none is no
/// error.
pub(crate) fn chosen(headers: &HeaderMap, offered: &[String]) -> Result<Option<String>, Error> {
    if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        return Err(broken("the server chose an extension that was not offered"));
    }
    let mut choices = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let Some(choice) = choices.next() else { return Ok(None) };
    let choice = offered.iter().find(|name| name.as_bytes() == choice.as_bytes());
    match (choice, choices.next()) {
        (Some(name), None) => Ok(Some(name.clone())),
        _ => Err(broken("the server chose a subprotocol that was not offered")),
    }
}

/// The proof of a server that it understood the request with `key`.
fn accept_key(key: &[u8]) -> HeaderValue {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut encoded = [0; ACCEPT_LEN];
    BASE64.encode_mut(&digest, &mut encoded);
    HeaderValue::from_bytes(&encoded).unwrap_or(HeaderValue::from_static(""))
}

fn is_key(key: &[u8]) -> bool {
    let mut decoded = [0; 18];
    key.len() == 24 && BASE64.decode_mut(key, &mut decoded).is_ok_and(|length| length == 16)
}

/// Stricter than browsers need and looser than the grammar, which forbids names that are in use:
/// visible characters without those that lists are made of.
fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',')
}

fn check_version(headers: &HeaderMap) -> Result<(), Reject> {
    if only(headers, SEC_WEBSOCKET_VERSION) == Some(&VERSION) {
        return Ok(());
    }
    let reject = upgrade_required("the WebSocket version must be 13");
    Err(reject.with_header(SEC_WEBSOCKET_VERSION, VERSION))
}

/// The value of a header that occurs once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether a token is in the lists that all headers with a name make up.
fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let lists = headers.get_all(name).iter();
    let mut tokens = lists.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    tokens.any(|it| it.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers.get_all(CONTENT_LENGTH).iter().any(|length| length != "0")
}

fn bad_request(reason: &'static str) -> Reject {
    Reject::new(StatusCode::BAD_REQUEST, reason)
}

fn wrong_method(allowed: &'static str) -> Reject {
    Reject::new(StatusCode::METHOD_NOT_ALLOWED, "this is for WebSocket clients")
        .with_header(ALLOW, HeaderValue::from_static(allowed))
}

fn upgrade_required(reason: &'static str) -> Reject {
    Reject::new(StatusCode::UPGRADE_REQUIRED, reason)
        .with_header(CONNECTION, HeaderValue::from_static("upgrade"))
        .with_header(UPGRADE, HeaderValue::from_static("websocket"))
}

fn broken(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Protocol, message)
}

/// What serves the handshake itself and means nothing after it.
const SPENT: [HeaderName; 6] = [
    CONNECTION,
    SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
    UPGRADE,
];

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// 20 bytes in base64.
const ACCEPT_LEN: usize = 28;
const MAX_OFFERED: usize = 64;
const VERSION: HeaderValue = HeaderValue::from_static("13");
