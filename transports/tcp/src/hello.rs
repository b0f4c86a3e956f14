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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::HEADER;
    use crate::codec::tests::example;

    fn header_map(headers: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        map
    }

    fn any_headers() -> impl Strategy<Value = HeaderMap> {
        let value =
            prop::collection::vec(prop_oneof![Just(b'\t'), 32..127_u8, 128..=255_u8], 0..20);
        prop::collection::vec(("[a-z][a-z0-9-]{0,9}", value), 0..10).prop_map(|headers| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let value = HeaderValue::from_bytes(&value).unwrap();
                map.append(name.parse::<HeaderName>().unwrap(), value);
            }
            map
        })
    }

    fn any_target() -> impl Strategy<Value = Uri> {
        "/[a-z0-9/%-]{0,20}(\\?[a-z0-9=&%-]{1,20})?".prop_map(|target| target.parse().unwrap())
    }

    proptest! {
        #[test]
        fn a_hello_arrives_as_it_was(
            target in any_target(),
            protocols in prop::collection::vec("[a-z0-9.+-]{1,12}", 0..5),
            headers in any_headers(),
        ) {
            let hello = Hello { target, protocols, headers };
            let packet = hello.encode().unwrap();
            let decoded = Hello::decode(&packet[HEADER..]).unwrap();
            prop_assert_eq!(decoded.target, hello.target);
            prop_assert_eq!(decoded.protocols, hello.protocols);
            prop_assert_eq!(decoded.headers, hello.headers);
        }

        #[test]
        fn an_accept_arrives_as_it_was(
            protocol in prop::option::of("[a-z0-9.+-]{1,12}"),
            headers in any_headers(),
        ) {
            let accept = Accept { protocol, headers };
            let packet = accept.encode().unwrap();
            let decoded = Accept::decode(&packet[HEADER..]).unwrap();
            prop_assert_eq!(decoded.protocol, accept.protocol);
            prop_assert_eq!(decoded.headers, accept.headers);
        }

        #[test]
        fn a_refusal_arrives_as_it_was(
            status in 400..600_u16,
            body in prop::collection::vec(any::<u8>(), 0..200),
            headers in any_headers(),
        ) {
            let reject = Reject::new(StatusCode::from_u16(status).unwrap(), body);
            let reject = headers.iter().fold(reject, |reject, (name, value)| {
                reject.with_header(name.clone(), value.clone())
            });
            let decoded = decode_refuse(&encode_refuse(&reject)[HEADER..]).unwrap();
            prop_assert_eq!(decoded.status(), reject.status());
            prop_assert_eq!(decoded.headers(), reject.headers());
            prop_assert_eq!(decoded.body(), reject.body());
        }

        #[test]
        fn any_bytes_are_a_handshake_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let hello = [MAGIC, &[VERSION], &*bytes].concat();
            let results = [
                Hello::decode(&bytes).map(drop),
                Hello::decode(&hello).map(drop),
                Accept::decode(&bytes).map(drop),
                decode_refuse(&bytes).map(drop),
            ];
            for error in results.into_iter().filter_map(Result::err) {
                prop_assert!(matches!(
                    error.kind(),
                    ErrorKind::Protocol | ErrorKind::TooLarge | ErrorKind::Unsupported
                ));
            }
        }
    }

    #[test]
    fn the_examples_of_the_document_are_right() {
        let hello = Hello {
            target: "/chat?room=1".parse().unwrap(),
            protocols: vec!["chat.v2".into()],
            headers: header_map(&[("origin", "app")]),
        };
        assert_eq!(hello.encode().unwrap(), example("hello"));
        let accept = Accept { protocol: Some("chat.v2".into()), headers: HeaderMap::new() };
        assert_eq!(accept.encode().unwrap(), example("accept"));
        let reject = Reject::unauthorized("Bearer");
        let refuse = Reject::new(reject.status(), "who?");
        let refuse = reject
            .headers()
            .iter()
            .fold(refuse, |refuse, (name, value)| refuse.with_header(name.clone(), value.clone()));
        assert_eq!(encode_refuse(&refuse), example("refuse"));
    }

    #[test]
    fn a_handshake_that_is_cut_anywhere_is_an_error() {
        let hello = &example("hello")[HEADER..];
        for len in 0..hello.len() {
            assert_eq!(Hello::decode(&hello[..len]).unwrap_err().kind(), ErrorKind::Protocol);
        }
        let accept = &example("accept")[HEADER..];
        for len in 0..accept.len() {
            assert_eq!(Accept::decode(&accept[..len]).unwrap_err().kind(), ErrorKind::Protocol);
        }
        let refuse = &example("refuse")[HEADER..];
        for len in 0..refuse.len() - "who?".len() {
            assert_eq!(decode_refuse(&refuse[..len]).unwrap_err().kind(), ErrorKind::Protocol);
        }
    }

    #[test]
    fn a_hello_that_breaks_a_rule_is_refused() {
        let start = b"PLIM\x01\x00\x01/";
        for (rest, kind) in [
            (&b"\x21\x00"[..], ErrorKind::TooLarge),
            (b"\x00\x41", ErrorKind::TooLarge),
            (b"\x01\x00\x00", ErrorKind::Protocol),
            (b"\x01\x01 \x00", ErrorKind::Protocol),
            (b"\x01\x01\xFF\x00", ErrorKind::Protocol),
            (b"\x00\x01\x00\x00\x00", ErrorKind::Protocol),
            (b"\x00\x01\x01:\x00\x00", ErrorKind::Protocol),
            (b"\x00\x01\x01a\x00\x01\n", ErrorKind::Protocol),
            (b"\x00\x00\x00", ErrorKind::Protocol),
        ] {
            let error = Hello::decode(&[start, rest].concat()).unwrap_err();
            assert_eq!(error.kind(), kind, "{rest:?}");
        }
        for (hello, kind) in [
            (&b"PLIN\x01\x00\x01/\x00\x00"[..], ErrorKind::Protocol),
            (b"PLIM\x02", ErrorKind::Unsupported),
            (b"PLIM\x01\x00\x00\x00\x00", ErrorKind::Protocol),
            (b"PLIM\x01\x00\x01*\x00\x00", ErrorKind::Protocol),
            (b"PLIM\x01\x00\x02/ \x00\x00", ErrorKind::Protocol),
        ] {
            assert_eq!(Hello::decode(hello).unwrap_err().kind(), kind, "{hello:?}");
        }
    }

    #[test]
    fn a_refusal_without_the_status_of_one_breaks_the_protocol() {
        for status in [0_u16, 100, 200, 399, 600, u16::MAX] {
            let refuse = [&status.to_be_bytes()[..], &[0]].concat();
            assert_eq!(decode_refuse(&refuse).unwrap_err().kind(), ErrorKind::Protocol);
        }
    }

    #[test]
    fn what_is_too_large_is_not_sent() {
        let hello = Hello {
            target: Uri::from_static("/"),
            protocols: Vec::new(),
            headers: header_map(&[("a", &*"x".repeat(MAX_HANDSHAKE))]),
        };
        assert_eq!(hello.encode().unwrap_err().kind(), ErrorKind::TooLarge);
        let headers = HeaderMap::new();
        let hello = Hello { protocols: vec!["a".into(); MAX_PROTOCOLS + 1], headers, ..hello };
        assert_eq!(hello.encode().unwrap_err().kind(), ErrorKind::TooLarge);
        let hello = Hello { protocols: vec!["a b".into()], ..hello };
        assert_eq!(hello.encode().unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn a_refusal_leaves_out_what_does_not_fit() {
        let reject = Reject::new(StatusCode::FORBIDDEN, vec![b'x'; MAX_HANDSHAKE]);
        let large = HeaderValue::from_str(&"x".repeat(MAX_HANDSHAKE)).unwrap();
        let reject = reject.with_header("large".parse().unwrap(), large);
        let reject = reject.with_header("small".parse().unwrap(), HeaderValue::from_static("1"));
        let packet = encode_refuse(&reject);
        assert_eq!(packet.len(), HEADER + MAX_HANDSHAKE);
        let decoded = decode_refuse(&packet[HEADER..]).unwrap();
        assert_eq!(*decoded.headers(), header_map(&[("small", "1")]));
        assert!(decoded.body().len() > MAX_HANDSHAKE - 32);
    }

    #[test]
    fn a_credential_does_not_show_in_debug_output() {
        let hello = Hello {
            target: Uri::from_static("/"),
            protocols: Vec::new(),
            headers: header_map(&[("authorization", "Bearer secret"), ("cookie", "id=secret")]),
        };
        let decoded = Hello::decode(&hello.encode().unwrap()[HEADER..]).unwrap();
        assert!(!format!("{decoded:?}").contains("secret"));
    }
}
