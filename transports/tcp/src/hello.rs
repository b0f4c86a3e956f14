//! The packets of the handshake: bytes in, values out, no I/O. `WIRE.md` describes them.

use bytes::{Buf, BufMut, Bytes};
use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use plimsoll::{Error, ErrorKind, Reject};

use crate::codec::{self, Kind, MAX_HANDSHAKE, protocol};

/// What a client wants.
#[derive(Debug)]
pub(crate) struct Hello {
    /// A path and maybe a query.
    pub(crate) target: Uri,
    pub(crate) protocols: Vec<String>,
    pub(crate) headers: HeaderMap,
}

impl Hello {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.put_u8(VERSION);
        let query = self.target.query().map(|query| format!("?{query}")).unwrap_or_default();
        put_u16(&mut out, format!("{}{query}", self.target.path()).as_bytes())?;
        put_count(&mut out, self.protocols.len(), MAX_PROTOCOLS)?;
        for name in &self.protocols {
            if !is_token(name) {
                return Err(Error::config("protocols", "must be tokens as in HTTP headers"));
            }
            put_u8(&mut out, name.as_bytes())?;
        }
        put_headers(&mut out, &self.headers)?;
        finish(Kind::Hello, &out)
    }

    /// Copies what it keeps: `input` is a part of a buffer that is larger.
    pub(crate) fn decode(mut input: &[u8]) -> Result<Self, Error> {
        if bytes(&mut input, MAGIC.len())? != MAGIC {
            return Err(protocol("the first packet does not begin as it must"));
        }
        if u8(&mut input)? != VERSION {
            let message = "this version of the protocol is not spoken here";
            return Err(Error::with_message(ErrorKind::Unsupported, message));
        }
        let len = u16(&mut input)?;
        let target = bytes(&mut input, len.into())?;
        let target = PathAndQuery::try_from(target).ok();
        let target = target.filter(|target| target.as_str().starts_with('/'));
        let target = target.ok_or_else(|| protocol("the path of a handshake is not one"))?;
        let count = u8(&mut input)?;
        check_count(count.into(), MAX_PROTOCOLS)?;
        let protocols = (0..count).map(|_| token(&mut input)).collect::<Result<_, _>>()?;
        let headers = headers(&mut input)?;
        done(input)?;
        Ok(Self { target: target.into(), protocols, headers })
    }
}

/// What a server says to a client that it lets in.
#[derive(Debug)]
pub(crate) struct Accept {
    pub(crate) protocol: Option<String>,
    pub(crate) headers: HeaderMap,
}

impl Accept {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        put_u8(&mut out, self.protocol.as_deref().unwrap_or_default().as_bytes())?;
        put_headers(&mut out, &self.headers)?;
        finish(Kind::Accept, &out)
    }

    /// Copies what it keeps: `input` is a part of a buffer that is larger.
    pub(crate) fn decode(mut input: &[u8]) -> Result<Self, Error> {
        let protocol = match input.first() {
            Some(0) => {
                input.advance(1);
                None
            }
            Some(_) | None => Some(token(&mut input)?),
        };
        let headers = headers(&mut input)?;
        done(input)?;
        Ok(Self { protocol, headers })
    }
}

/// What a server says to a client that it turns away. What does not fit is left out.
pub(crate) fn encode_refuse(reject: &Reject) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_u16(reject.status().as_u16());
    let mut fitting = HeaderMap::new();
    let mut room = MAX_HANDSHAKE - out.len() - 1;
    for (name, value) in reject.headers().iter().take(MAX_HEADERS) {
        let size = 3 + name.as_str().len() + value.len();
        if size <= room && name.as_str().len() <= usize::from(u8::MAX) {
            room -= size;
            fitting.append(name, value.clone());
        }
    }
    // Cannot fail: they have been measured.
    let _ = put_headers(&mut out, &fitting);
    let body = reject.body();
    out.extend_from_slice(body.get(..room).unwrap_or(body));
    codec::packet(Kind::Refuse, &out)
}

pub(crate) fn decode_refuse(mut input: &[u8]) -> Result<Reject, Error> {
    let status = StatusCode::from_u16(u16(&mut input)?).ok();
    let status = status.filter(|status| status.is_client_error() || status.is_server_error());
    let status = status.ok_or_else(|| protocol("the status of a refusal is not one"))?;
    let headers = headers(&mut input)?;
    let reject = Reject::new(status, Bytes::copy_from_slice(input));
    let named = headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    Ok(named.fold(reject, |reject, (name, value)| reject.with_header(name, value)))
}

fn put_headers(out: &mut Vec<u8>, headers: &HeaderMap) -> Result<(), Error> {
    put_count(out, headers.len(), MAX_HEADERS)?;
    for (name, value) in headers {
        put_u8(out, name.as_str().as_bytes())?;
        put_u16(out, value.as_bytes())?;
    }
    Ok(())
}

fn headers(input: &mut &[u8]) -> Result<HeaderMap, Error> {
    let count = u8(input)?;
    check_count(count.into(), MAX_HEADERS)?;
    let mut headers = HeaderMap::new();
    for _ in 0..count {
        let len = u8(input)?;
        let name = HeaderName::from_bytes(bytes(input, len.into())?);
        let name = name.map_err(|_| protocol("the name of a header is not one"))?;
        let len = u16(input)?;
        let value = HeaderValue::from_bytes(bytes(input, len.into())?);
        let mut value = value.map_err(|_| protocol("the value of a header is not one"))?;
        value.set_sensitive(SENSITIVE.contains(&name));
        headers.append(name, value);
    }
    Ok(headers)
}

fn token(input: &mut &[u8]) -> Result<String, Error> {
    let len = u8(input)?;
    let name = str::from_utf8(bytes(input, len.into())?).ok().filter(|name| is_token(name));
    name.map(Into::into).ok_or_else(|| protocol("a subprotocol is not a token"))
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_tchar)
}

fn put_count(out: &mut Vec<u8>, count: usize, most: usize) -> Result<(), Error> {
    check_count(count, most)?;
    out.put_u8(u8::try_from(count).map_err(|_| too_large())?);
    Ok(())
}

fn put_u8(out: &mut Vec<u8>, field: &[u8]) -> Result<(), Error> {
    out.put_u8(u8::try_from(field.len()).map_err(|_| too_large())?);
    out.extend_from_slice(field);
    Ok(())
}

fn put_u16(out: &mut Vec<u8>, field: &[u8]) -> Result<(), Error> {
    out.put_u16(u16::try_from(field.len()).map_err(|_| too_large())?);
    out.extend_from_slice(field);
    Ok(())
}

fn finish(kind: Kind, payload: &[u8]) -> Result<Vec<u8>, Error> {
    if payload.len() > MAX_HANDSHAKE {
        return Err(too_large());
    }
    Ok(codec::packet(kind, payload))
}

fn bytes<'a>(input: &mut &'a [u8], len: usize) -> Result<&'a [u8], Error> {
    let (field, rest) = input.split_at_checked(len).ok_or_else(cut_off)?;
    *input = rest;
    Ok(field)
}

fn u8(input: &mut &[u8]) -> Result<u8, Error> {
    input.try_get_u8().map_err(|_| cut_off())
}

fn u16(input: &mut &[u8]) -> Result<u16, Error> {
    input.try_get_u16().map_err(|_| cut_off())
}

fn check_count(count: usize, most: usize) -> Result<(), Error> {
    if count > most { Err(too_large()) } else { Ok(()) }
}

fn done(input: &[u8]) -> Result<(), Error> {
    if input.is_empty() { Ok(()) } else { Err(protocol("a handshake has bytes left over")) }
}

fn cut_off() -> Error {
    protocol("a handshake is cut off")
}

fn too_large() -> Error {
    let message = "a handshake has at most 8 KiB, 64 headers and 32 subprotocols";
    Error::with_message(ErrorKind::TooLarge, message)
}

const MAGIC: &[u8] = b"PLIM";
const VERSION: u8 = 1;
const MAX_HEADERS: usize = 64;
const MAX_PROTOCOLS: usize = 32;
/// Not to be shown in debug output.
const SENSITIVE: [HeaderName; 4] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE];
