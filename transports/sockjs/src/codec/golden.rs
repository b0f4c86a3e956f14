//! The bytes of this crate against those of the reference implementations: `fixtures` says how
//! they were recorded.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use plimsoll::{Close, Message};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::page::{GREETING, IframePage};
use super::quote::quote;
use super::unquote::unquote;
use super::{Binary, Callback, Carrier, Limits, Refusal, Route, form_payload, xhr_payload};

const LIMITS: Limits = Limits { max_message: 1024, max_messages: 16 };

#[derive(Deserialize)]
struct Reference {
    messages: Vec<String>,
    close: (u16, String),
    escaped: Vec<(u32, u32)>,
    strings: Vec<Quoted>,
    streams: Vec<Exchange>,
    polls: Vec<Exchange>,
    sends: Vec<Exchange>,
    routes: Vec<Exchange>,
    pages: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Quoted {
    text: String,
    /// The original had lone surrogates.
    lone: bool,
    server: String,
    client: String,
}

#[derive(Deserialize)]
struct Exchange {
    path: String,
    content_type: Option<String>,
    sent: String,
    status: u16,
    headers: Map<String, Value>,
    body: String,
}

impl Exchange {
    fn carrier(&self) -> Carrier {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let callback = || Callback::from_query(Some(query)).unwrap();
        match path.rsplit('/').next().unwrap() {
            "eventsource" => Carrier::EventSource,
            "htmlfile" => Carrier::HtmlFile(callback()),
            "jsonp" => Carrier::Jsonp(callback()),
            "xhr" => Carrier::XhrPolling,
            "xhr_streaming" => Carrier::XhrStreaming,
            other => panic!("{other}"),
        }
    }

    /// Without what this crate makes harmless.
    fn expected(&self, carrier: &Carrier) -> String {
        match carrier {
            Carrier::HtmlFile(_) => self.body.replace("</script><b>", "\\u003c/script>\\u003cb>"),
            Carrier::EventSource
            | Carrier::Jsonp(_)
            | Carrier::WebSocket
            | Carrier::XhrPolling
            | Carrier::XhrStreaming => self.body.clone(),
        }
    }

    fn assert_is(&self, refusal: Refusal) {
        let reject = refusal.reject();
        assert_eq!(reject.status(), self.status, "{}", self.path);
        assert_eq!(reject.body(), &self.body, "{}", self.path);
        for name in [ALLOW, CONTENT_TYPE] {
            let header = reject.headers().get(&name).map(|value| value.to_str().unwrap());
            assert_eq!(header, self.headers.get(name.as_str()).and_then(Value::as_str));
        }
    }
}

impl Reference {
    fn load() -> Self {
        serde_json::from_str(include_str!("../../fixtures/reference.json")).unwrap()
    }

    fn messages(&self) -> Vec<Message> {
        self.messages.iter().map(|text| Message::from(text.as_str())).collect()
    }

    fn close(&self) -> Close {
        Close::new(self.close.0.into(), self.close.1.as_str())
    }
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    quote(text, &mut json);
    json
}

#[test]
fn exactly_the_characters_of_the_reference_are_escaped() {
    let reference = Reference::load();
    for character in '\0'..=char::MAX {
        let point = u32::from(character);
        let escaped = point > 0xffff
            || reference.escaped.iter().any(|(first, last)| (*first..=*last).contains(&point));
        let json = quoted(character.encode_utf8(&mut [0; 4]));
        assert_eq!(json != format!("\"{character}\""), escaped, "U+{point:04X}");
    }
}

#[test]
fn strings_are_quoted_as_by_the_reference_and_read_from_both_sides() {
    for Quoted { text, lone, server, client } in Reference::load().strings {
        if !lone {
            assert_eq!(quoted(&text), server);
        }
        for json in [server, client] {
            assert_eq!(unquote(&json).as_deref(), Some(&*text), "{json}");
        }
    }
}

#[test]
fn a_stream_is_that_of_the_reference() {
    let reference = Reference::load();
    for exchange in &reference.streams {
        let carrier = exchange.carrier();
        assert!(!carrier.is_polling());
        let mut stream = Vec::from(carrier.prelude().unwrap());
        stream.extend_from_slice(&carrier.open().into_bytes());
        for message in reference.messages() {
            stream.extend_from_slice(
                &carrier.messages(&[message], Binary::Refuse).unwrap().into_bytes(),
            );
        }
        stream.extend_from_slice(&carrier.close(&reference.close()).into_bytes());
        assert_eq!(String::from_utf8(stream).unwrap(), exchange.expected(&carrier));
        assert_eq!(exchange.headers["content-type"], carrier.content_type());
    }
}

#[test]
fn polls_are_those_of_the_reference() {
    let reference = Reference::load();
    for polls in reference.polls.chunks(3) {
        let carrier = polls[0].carrier();
        assert!(carrier.is_polling() && carrier.prelude().is_none());
        assert_eq!(carrier.open(), *polls[0].body);
        let messages = carrier.messages(&reference.messages(), Binary::Refuse).unwrap();
        assert_eq!(messages, *polls[1].body);
        assert_eq!(carrier.close(&reference.close()), *polls[2].body);
        assert_eq!(polls[0].headers["content-type"], carrier.content_type());
    }
}

#[test]
fn bodies_are_taken_and_refused_as_by_the_reference() {
    for exchange in Reference::load().sends {
        let is_form = exchange.path.ends_with("/jsonp_send");
        let read = if is_form { form_payload } else { xhr_payload };
        let body = Bytes::from(exchange.sent.clone());
        let result = read(exchange.content_type.as_deref(), body, LIMITS);
        if exchange.sent.contains("1e999") {
            // The reference takes numbers, too.
            assert_eq!(result.unwrap_err(), Refusal::PayloadExpected);
        } else if is_form && exchange.sent == "\"x\"" {
            // The reference decodes it twice.
            assert_eq!(result.unwrap_err(), Refusal::PayloadExpected);
        } else {
            match result {
                Ok(_) => assert!(exchange.status < 300, "{}", exchange.sent),
                Err(refusal) => exchange.assert_is(refusal),
            }
        }
    }
}

#[test]
fn paths_have_the_methods_of_the_reference() {
    for exchange in Reference::load().routes {
        exchange.assert_is(match Route::parse(&exchange.path) {
            None => Refusal::NotFound,
            Some(route) => Refusal::MethodNotAllowed(route.methods()),
        });
    }
}

#[test]
fn pages_are_those_of_the_reference() {
    let [greeting, iframe, not_found, not_websocket, no_callback, bad_callback] =
        Reference::load().pages.try_into().ok().unwrap();
    assert_eq!(greeting.body, GREETING);
    let page = IframePage::new("https://example.com/sockjs.min.js");
    assert_eq!(page.html, iframe.body);
    assert_eq!(iframe.headers["etag"], *page.etag);
    not_found.assert_is(Refusal::NotFound);
    not_websocket.assert_is(Refusal::NotWebSocket);
    no_callback.assert_is(Callback::from_query(None).unwrap_err());
    bad_callback.assert_is(Callback::from_query(Some("c=a(b)")).unwrap_err());
}
