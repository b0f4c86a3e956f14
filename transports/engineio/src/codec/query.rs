//! The query of a request.

use std::borrow::Cow;

use form_urlencoded::{Serializer, parse};
use memchr::{memchr, memchr2};

use super::{Dialect, Jsonp, Version};
use crate::Transport;

/// What the query of a request says. Of a parameter that comes more than once the last counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Query {
    /// `EIO`: version 4 if it is `4`, version 3 whatever else it is.
    pub(crate) version: Version,
    /// `transport`; `None` if it is missing or unknown.
    pub(crate) transport: Option<Transport>,
    /// `sid`; `None` in a handshake.
    pub(crate) sid: Option<String>,
    /// `j`.
    pub(crate) jsonp: Option<Jsonp>,
    /// `b64`, with any value but an empty one.
    pub(crate) base64: bool,
}

impl Query {
    /// Reads a query.
    pub(crate) fn parse(query: &str) -> Self {
        let [mut version, mut transport, mut sid, mut jsonp, mut base64] = [const { None }; 5];
        let mut rest = query;
        while !rest.is_empty() {
            let end = memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
            let (pair, more) = rest.split_at(end);
            rest = more.strip_prefix('&').unwrap_or_default();
            let Some((name, value)) = decode(pair) else { continue };
            let known = match &*name {
                "EIO" => &mut version,
                "transport" => &mut transport,
                "sid" => &mut sid,
                "j" => &mut jsonp,
                "b64" => &mut base64,
                _ => continue,
            };
            *known = Some(value);
        }
        Self {
            version: if version.as_deref() == Some("4") { Version::V4 } else { Version::V3 },
            transport: transport.and_then(|name| Transport::named(&name)),
            sid: sid.filter(|sid| !sid.is_empty()).map(Cow::into_owned),
            jsonp: jsonp.map(|index| Jsonp::new(&index)),
            base64: base64.is_some_and(|value| !value.is_empty()),
        }
    }

    /// Writes a client's query: its user's `own` parameters, less those that have a meaning here,
    /// then `EIO`, `transport`, `sid` and `b64`.
    pub(crate) fn write(&self, own: &str) -> String {
        let mut query = String::new();
        let ours = |pair: &&str| {
            parse(pair.as_bytes()).all(|(name, _)| !NAMES.contains(&&*name)) && !pair.is_empty()
        };
        for pair in own.split('&').filter(ours) {
            query.push_str(pair);
            query.push('&');
        }
        let end = query.len();
        let mut query = Serializer::for_suffix(query, end);
        query.append_pair(
            "EIO",
            match self.version {
                Version::V3 => "3",
                Version::V4 => "4",
            },
        );
        query.extend_pairs(self.transport.map(|transport| ("transport", transport.name())));
        query.extend_pairs(self.sid.as_deref().map(|sid| ("sid", sid)));
        query.extend_pairs(self.base64.then_some(("b64", "1")));
        query.finish()
    }

    /// How the client wants what is sent to it. What goes through a script is text.
    pub(crate) fn dialect(&self) -> Dialect {
        Dialect { version: self.version, base64: self.base64 || self.jsonp.is_some() }
    }
}

/// The name and the value of a parameter. Hardly any needs to be decoded, which is not cheap.
fn decode(pair: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    if pair.is_empty() || memchr2(b'%', b'+', pair.as_bytes()).is_some() {
        return parse(pair.as_bytes()).next();
    }
    let end = memchr(b'=', pair.as_bytes()).unwrap_or(pair.len());
    let (name, value) = pair.split_at(end);
    Some((name.into(), value.strip_prefix('=').unwrap_or_default().into()))
}

/// The parameters that have a meaning; `t` is different for each request, against caches.
const NAMES: [&str; 6] = ["EIO", "transport", "sid", "j", "b64", "t"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_have_their_meaning() {
        let query = Query::parse("EIO=4&transport=polling&t=abc&sid=a%2Db&x=1");
        assert_eq!((query.version, query.transport), (Version::V4, Some(Transport::Polling)));
        assert_eq!((query.sid.as_deref(), query.jsonp.clone()), (Some("a-b"), None));
        assert_eq!(query.dialect(), Dialect::V4);

        let query = Query::parse("transport=%77ebsocket&sid=&b64=1");
        assert_eq!((query.version, query.transport), (Version::V3, Some(Transport::WebSocket)));
        assert_eq!(query.sid, None);
        assert!(query.dialect().base64);

        let query = Query::parse("EIO=4&EIO=04&transport=webtransport&b64=&j=1x2");
        assert_eq!((query.version, query.transport), (Version::V3, None));
        assert!(!query.base64);
        assert_eq!(query.jsonp, Some(Jsonp::new("12")));
        assert!(query.dialect().base64);
    }

    #[test]
    fn of_duplicates_the_last_counts() {
        let query = Query::parse("sid=a&EIO=3&sid=b&EIO=4&transport=polling&transport=websocket");
        assert_eq!(query.sid.as_deref(), Some("b"));
        assert_eq!((query.version, query.transport), (Version::V4, Some(Transport::WebSocket)));
    }

    #[test]
    fn the_parameters_of_a_user_stay_as_they_are() {
        let query = Query {
            sid: Some("a b".to_owned()),
            ..Query::parse("EIO=4&transport=websocket&b64=1")
        };
        let written = query.write("token=a%20b&sid=x&&%45IO=3&t=1&flag");
        assert_eq!(written, "token=a%20b&flag&EIO=4&transport=websocket&sid=a+b&b64=1");
        assert_eq!(Query::parse("EIO=3").write(""), "EIO=3");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(sid in "\\PC+", own in "\\PC*", base64: bool) {
            let query = Query {
                version: Version::V4,
                transport: Some(Transport::Polling),
                sid: Some(sid),
                jsonp: None,
                base64,
            };
            prop_assert_eq!(Query::parse(&query.write(&own)), query);
        }

        #[test]
        fn any_query_is_read(query in ".*") {
            let query = Query::parse(&query);
            prop_assert!(query.sid.is_none_or(|sid| !sid.is_empty()));
        }
    }
}
