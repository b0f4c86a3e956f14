//! Where a credential is in a handshake.

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue};
use plimsoll::{Dial, Error, Handshake};

use crate::{Credential, Denied, Source};

/// Where a credential is: the server finds it there, the client puts it there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// The cookie of this name (RFC 6265).
    Cookie(String),
    /// Nowhere in the handshake: the first message is the credential.
    FirstMessage,
    /// `Authorization: Bearer` (RFC 6750, section 2.1).
    Header,
    /// The query parameter of this name.
    Query(String),
    /// An offered subprotocol that begins so.
    Subprotocol(String),
}

impl Place {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Cookie(name) if !is_token(name) => {
                Err(Error::config("cookie", "must be the name of a cookie"))
            }
            Self::Query(name) if name.is_empty() => {
                Err(Error::config("query", "must be the name of a parameter"))
            }
            Self::Subprotocol(prefix) if marker(prefix).is_none() => {
                let remedy = "must be a prefix that ends with no letter or digit, like `bearer.`";
                Err(Error::config("subprotocol", remedy))
            }
            _ => Ok(()),
        }
    }

    /// The credential of a handshake, if there is one.
    pub(crate) fn find(&self, handshake: &mut Handshake) -> Result<Option<Credential>, Denied> {
        let (token, source) = match self {
            Self::Cookie(name) => (cookie(handshake.info().headers(), name), Source::Cookie),
            Self::FirstMessage => return Ok(None),
            Self::Header => (bearer(handshake.info().headers())?, Source::Header),
            Self::Query(name) => (handshake.info().query(name), Source::Query),
            Self::Subprotocol(prefix) => (take_protocol(handshake, prefix), Source::Subprotocol),
        };
        let token = token.filter(|token| !token.is_empty());
        Ok(token.map(|token| Credential::new(token, source)))
    }

    /// Adds a token to a request.
    pub(crate) fn put(&self, token: &str, dial: &mut Dial) -> Result<(), Error> {
        match self {
            Self::Cookie(name) => {
                if !token.bytes().all(is_cookie_octet) {
                    return Err(not_for("a cookie"));
                }
                let others = dial.headers.get(COOKIE).and_then(|others| others.to_str().ok());
                let separator = if others.is_some() { "; " } else { "" };
                let cookies = format!("{}{separator}{name}={token}", others.unwrap_or_default());
                dial.headers.insert(COOKIE, sensitive(cookies, "a cookie")?);
            }
            Self::FirstMessage => {}
            Self::Header => {
                let value = sensitive(format!("Bearer {token}"), "a header")?;
                dial.headers.insert(AUTHORIZATION, value);
            }
            Self::Query(name) => dial.add_query(name, token),
            Self::Subprotocol(prefix) => {
                if !is_token(token) {
                    return Err(not_for("a subprotocol"));
                }
                dial.protocols.push(format!("{prefix}{token}"));
            }
        }
        Ok(())
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<String>, Denied> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Denied::malformed("there is more than one authorization header"));
    }
    let not_ascii = |_| Denied::malformed("the authorization header is not ASCII");
    let (scheme, token) = value.to_str().map_err(not_ascii)?.split_once(' ').unwrap_or_default();
    Ok(scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned()))
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|p| p.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
    let value = value.trim();
    let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Some(unquoted.unwrap_or(value).to_owned())
}

/// Takes the token out of the offered subprotocols, so that nobody selects it, and selects the
/// marker, if it is offered.
fn take_protocol(handshake: &mut Handshake, prefix: &str) -> Option<String> {
    let mut token = None;
    handshake.offered_protocols_mut().retain(|offered| match offered.strip_prefix(prefix) {
        Some(rest) => {
            token.get_or_insert_with(|| rest.to_owned());
            false
        }
        None => true,
    });
    if token.is_some()
        && let Some(marker) = marker(prefix)
    {
        handshake.select_protocol(marker);
    }
    token
}

/// The subprotocol that is selected in place of the token: the prefix without its punctuation.
fn marker(prefix: &str) -> Option<&str> {
    let marker = prefix.trim_end_matches(|char: char| !char.is_ascii_alphanumeric());
    (is_token(prefix) && !marker.is_empty() && marker != prefix).then_some(marker)
}

fn sensitive(value: String, place: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(value).map_err(|_| not_for(place))?;
    value.set_sensitive(true);
    Ok(value)
}

fn not_for(place: &str) -> Error {
    Error::config("token", format!("has characters that {place} cannot carry; encode it"))
}

/// Whether `text` is a token (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let is_token_char =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_char)
}

/// RFC 6265, section 4.1.1.
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use plimsoll::Capabilities;
    use proptest::prelude::*;

    use super::*;

    fn handshake(dial: Dial) -> Handshake {
        let uri: Uri = dial.url().parse().unwrap();
        Handshake::new("test", Capabilities::FULL, uri)
            .with_headers(dial.headers)
            .with_offered_protocols(dial.protocols)
    }

    fn with_header(name: &'static str, values: &[&[u8]]) -> Handshake {
        let mut dial = Dial::new("test://host/");
        for value in values {
            dial.headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        handshake(dial)
    }

    fn places() -> [Place; 4] {
        [
            Place::Cookie("session".to_owned()),
            Place::Header,
            Place::Query("token".to_owned()),
            Place::Subprotocol("bearer.".to_owned()),
        ]
    }

    #[test]
    fn a_bearer_header_is_read_whatever_its_case() {
        for (values, expected) in [
            (&[][..], None),
            (&[&b"Bearer abc"[..]][..], Some("abc")),
            (&[b"bearer   abc "], Some("abc")),
            (&[b"BEARER a.b-c=="], Some("a.b-c==")),
            (&[b"Bearer"], None),
            (&[b"Bearer "], None),
            (&[b"Basic YTpi"], None),
            (&[b""], None),
        ] {
            let found = Place::Header.find(&mut with_header("authorization", values)).unwrap();
            assert_eq!(found.as_ref().map(Credential::token), expected, "{values:?}");
        }
    }

    #[test]
    fn an_ambiguous_header_is_refused() {
        for values in [&[&b"Bearer a"[..], b"Bearer b"][..], &[b"Bearer \xff"]] {
            let denied = Place::Header.find(&mut with_header("authorization", values)).unwrap_err();
            assert_eq!(denied.reject("").status(), 400);
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let place = Place::Cookie("session".to_owned());
        for (values, expected) in [
            (&[&b"session=abc"[..]][..], Some("abc")),
            (&[b"a=1; session=\"abc\"; session=later"], Some("abc")),
            (&[b"a=1", b"session=abc"], Some("abc")),
            (&[b"session=a=b"], Some("a=b")),
            (&[b"xsession=abc; Session=abc; session"], None),
            (&[b"session=; ;;=;\"\""], None),
            (&[b"session=\""], Some("\"")),
        ] {
            let found = place.find(&mut with_header("cookie", values)).unwrap();
            assert_eq!(found.as_ref().map(Credential::token), expected, "{values:?}");
        }
    }

    #[test]
    fn a_token_among_the_subprotocols_is_never_selected() {
        let mut dial = Dial::new("test://host/");
        dial.protocols = ["chat", "bearer.abc", "bearer.def"].map(str::to_owned).into();
        let mut handshake = handshake(dial);
        let found = Place::Subprotocol("bearer.".to_owned()).find(&mut handshake).unwrap();
        assert_eq!(found.unwrap().token(), "abc");
        assert_eq!(handshake.offered_protocols(), ["chat"]);
        handshake.select_protocol("bearer.abc");
        assert_eq!(handshake.info().protocol(), None);
    }

    #[test]
    fn the_marker_is_selected_if_it_is_offered() {
        let mut dial = Dial::new("test://host/");
        dial.protocols = ["bearer", "bearer.abc"].map(str::to_owned).into();
        let mut handshake = handshake(dial);
        Place::Subprotocol("bearer.".to_owned()).find(&mut handshake).unwrap();
        assert_eq!(handshake.info().protocol(), Some("bearer"));
    }

    #[test]
    fn a_cookie_joins_those_that_are_there() {
        let mut dial = Dial::new("test://host/");
        dial.headers.insert(COOKIE, HeaderValue::from_static("a=1"));
        Place::Cookie("session".to_owned()).put("abc", &mut dial).unwrap();
        assert_eq!(dial.headers.get_all(COOKIE).iter().collect::<Vec<_>>(), ["a=1; session=abc"]);
    }

    #[test]
    fn a_token_that_does_not_fit_is_an_error_that_does_not_show_it() {
        for (place, token) in [
            (Place::Header, "secret\n"),
            (Place::Cookie("session".to_owned()), "secret;"),
            (Place::Subprotocol("bearer.".to_owned()), "secret/"),
        ] {
            let error = place.put(token, &mut Dial::new("test://host/")).unwrap_err();
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn names_that_cannot_be_found_are_wrong() {
        let cookie = |name: &str| Place::Cookie(name.to_owned());
        let subprotocol = |prefix: &str| Place::Subprotocol(prefix.to_owned());
        for place in [
            cookie(""),
            cookie("a b"),
            Place::Query(String::new()),
            subprotocol(""),
            subprotocol("."),
            subprotocol("bearer"),
            subprotocol("bearer "),
        ] {
            assert!(place.check().is_err(), "{place:?}");
        }
        assert!(places().iter().all(|place| place.check().is_ok()));
    }

    proptest! {
        #[test]
        fn what_is_put_is_found(token in "[A-Za-z0-9._~-]{1,100}", which in 0..4_usize) {
            let place = &places()[which];
            let mut dial = Dial::new("test://host/path?a=1");
            place.put(&token, &mut dial).unwrap();
            let found = place.find(&mut handshake(dial)).unwrap().unwrap();
            prop_assert_eq!(found.token(), token);
        }

        #[test]
        fn any_header_is_read_without_a_panic(value in proptest::collection::vec(32_u8..127, 0..50)) {
            let _ = Place::Header.find(&mut with_header("authorization", &[&value]));
            let _ = places()[0].find(&mut with_header("cookie", &[&value]));
        }
    }
}
