//! What clients send, by the way in which it comes.

use bytes::Bytes;
use plimsoll::Text;

use super::unquote::lossy_text;
use super::{Limits, Malformed, Messages, Refusal};

/// Reads the body of xhr_send. What is not UTF-8 in it arrives as U+FFFD.
///
/// # Errors
///
/// Refuses other content types, and what is not a JSON array of strings.
pub(crate) fn xhr_payload(
    content_type: Option<&str>,
    body: Bytes,
    limits: Limits,
) -> Result<Messages, Refusal> {
    if !is_one_of(content_type, &XHR_TYPES) {
        return Err(Refusal::PayloadExpected);
    }
    http_payload(lossy_text(body), limits)
}

/// Reads the body of jsonp_send: a form with the array in its field `d`, or the array itself as
/// plain text. What is not UTF-8 in it arrives as U+FFFD.
///
/// # Errors
///
/// Refuses other content types, and what is not a JSON array of strings.
pub(crate) fn form_payload(
    content_type: Option<&str>,
    body: Bytes,
    limits: Limits,
) -> Result<Messages, Refusal> {
    if is_one_of(content_type, &["application/x-www-form-urlencoded"]) {
        let field = form_urlencoded::parse(&body).find(|(name, _)| name == "d");
        let (_, json) = field.ok_or(Refusal::PayloadExpected)?;
        return http_payload(Text::from(json.into_owned()), limits);
    }
    if is_one_of(content_type, &["text/plain", ""]) {
        return http_payload(lossy_text(body), limits);
    }
    Err(Refusal::PayloadExpected)
}

/// Reads a WebSocket message: a JSON array of strings, or a string. An empty one holds nothing.
///
/// # Errors
///
/// Says what is wrong: see [`Malformed::close`].
pub(crate) fn websocket_payload(text: Text, limits: Limits) -> Result<Messages, Malformed> {
    if text.is_empty() {
        return Ok(Messages::none());
    }
    if text.trim_start_matches(JSON_WHITESPACE).starts_with('"') {
        return Messages::one(text, 0, limits);
    }
    Messages::array(text, 0, limits)
}

fn http_payload(json: Text, limits: Limits) -> Result<Messages, Refusal> {
    if json.is_empty() {
        return Err(Refusal::PayloadExpected);
    }
    Messages::array(json, 0, limits).map_err(Refusal::from)
}

fn is_one_of(content_type: Option<&str>, types: &[&str]) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    types.iter().any(|known| known.eq_ignore_ascii_case(essence))
}

/// The types that the reference server takes: browsers and their substitutes send all of them.
const XHR_TYPES: [&str; 6] =
    ["text/plain", "T", "application/json", "application/xml", "text/xml", ""];
const JSON_WHITESPACE: [char; 4] = [' ', '\t', '\n', '\r'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { max_message: 64, max_messages: 8 };
    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    fn xhr(content_type: Option<&str>, body: &'static [u8]) -> Result<Vec<Text>, Refusal> {
        Ok(xhr_payload(content_type, Bytes::from_static(body), LIMITS)?.collect())
    }

    fn form(content_type: Option<&str>, body: &'static [u8]) -> Result<Vec<Text>, Refusal> {
        Ok(form_payload(content_type, Bytes::from_static(body), LIMITS)?.collect())
    }

    fn websocket(text: &str) -> Result<Vec<Text>, Malformed> {
        Ok(websocket_payload(Text::from(text), LIMITS)?.collect())
    }

    #[test]
    fn every_content_type_of_a_browser_is_taken() {
        for content_type in XHR_TYPES {
            assert_eq!(xhr(Some(content_type), b"[\"x\"]").unwrap(), ["x"]);
        }
        for content_type in [None, Some("text/plain;charset=UTF-8"), Some(" Text/Plain ; a=b")] {
            assert_eq!(xhr(content_type, b"[\"x\"]").unwrap(), ["x"]);
            assert_eq!(form(content_type, b"[\"x\"]").unwrap(), ["x"]);
        }
        for content_type in [Some("text/html"), Some("application/octet-stream"), Some("text")] {
            assert_eq!(xhr(content_type, b"[\"x\"]"), Err(Refusal::PayloadExpected));
            assert_eq!(form(content_type, b"[\"x\"]"), Err(Refusal::PayloadExpected));
        }
        assert_eq!(xhr(FORM, b"[\"x\"]"), Err(Refusal::PayloadExpected));
    }

    #[test]
    fn a_form_has_the_messages_in_a_field() {
        assert_eq!(form(FORM, b"d=%5B%22x%22%5D").unwrap(), ["x"]);
        assert_eq!(form(FORM, b"i=1&d=[%22a+%c3%a9%26%22,\"%ff\"]").unwrap(), ["a é&", "\u{fffd}"]);
        for body in [&b""[..], b"d=", b"d", b"e=[]", b"[\"x\"]"] {
            assert_eq!(form(FORM, body), Err(Refusal::PayloadExpected), "{body:?}");
        }
        assert_eq!(form(FORM, b"d=x"), Err(Refusal::BrokenJson));
        assert_eq!(form(FORM, b"d=1"), Err(Refusal::PayloadExpected));
    }

    #[test]
    fn a_bad_body_is_refused_as_by_the_reference() {
        assert_eq!(xhr(None, b""), Err(Refusal::PayloadExpected));
        assert_eq!(xhr(None, b"[\"x"), Err(Refusal::BrokenJson));
        assert_eq!(xhr(None, b"{}"), Err(Refusal::PayloadExpected));
        assert_eq!(xhr(None, b"[\"\xff\"]").unwrap(), ["\u{fffd}"]);
    }

    #[test]
    fn a_websocket_message_is_an_array_or_a_string() {
        assert_eq!(websocket("").unwrap(), [""; 0]);
        assert_eq!(websocket("[]").unwrap(), [""; 0]);
        assert_eq!(websocket(" [\"a\",\"b\"]").unwrap(), ["a", "b"]);
        assert_eq!(websocket("\"a\"").unwrap(), ["a"]);
        assert_eq!(websocket("\n \"[\\u005d\" ").unwrap(), ["[]"]);
        for text in ["[\"a", "\"a", "a", "\"a\"\"b\"", "{", " "] {
            assert_eq!(websocket(text), Err(Malformed::BrokenJson), "{text}");
        }
        assert_eq!(websocket("1"), Err(Malformed::NotStrings));
        let close = Malformed::NotStrings.close();
        assert_eq!((u16::from(close.code), &*close.reason), (3000, "Broken framing."));
        assert_eq!(u16::from(Malformed::TooMany.close().code), 1009);
    }

    proptest! {
        #[test]
        fn a_form_holds_what_was_put_in(text in "\\PC{0,16}") {
            let json = serde_json::to_string(&[&text]).unwrap();
            let body = form_urlencoded::Serializer::new(String::new()).append_pair("d", &json).finish();
            let messages = form_payload(FORM, body.into(), LIMITS).unwrap();
            prop_assert_eq!(messages.collect::<Vec<_>>(), [&*text]);
        }
    }
}
