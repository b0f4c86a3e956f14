//! What a server sends, in the form of each transport.

use std::{fmt, slice};

use bytes::Bytes;
use plimsoll::{Close, Error, Message, Text, WireKey};

use super::quote::{is_plain, quote};
use super::{Binary, Callback, closes, page};

/// Carries frames to a client: one response, or one WebSocket connection.
#[derive(Clone, Debug)]
pub(crate) enum Carrier {
    EventSource,
    HtmlFile(Callback),
    Jsonp(Callback),
    WebSocket,
    XhrPolling,
    XhrStreaming,
}

impl Carrier {
    /// The content type of a response. WebSocket has none.
    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            Self::EventSource => "text/event-stream",
            Self::HtmlFile(_) => "text/html; charset=UTF-8",
            Self::Jsonp(_) | Self::XhrPolling | Self::XhrStreaming => {
                "application/javascript; charset=UTF-8"
            }
            Self::WebSocket => "",
        }
    }

    /// What a response begins with: a chunk of its own, which does not count towards the
    /// response limit.
    pub(crate) fn prelude(&self) -> Option<Bytes> {
        match self {
            Self::EventSource => Some(Bytes::from_static(b"\r\n")),
            Self::HtmlFile(callback) => Some(page::html_file(callback)),
            Self::XhrStreaming => Some(Bytes::from_static(XHR_PRELUDE)),
            Self::Jsonp(_) | Self::WebSocket | Self::XhrPolling => None,
        }
    }

    /// Whether a response ends after one frame.
    pub(crate) fn is_polling(&self) -> bool {
        matches!(self, Self::Jsonp(_) | Self::XhrPolling)
    }

    /// The frame that opens a session.
    pub(crate) fn open(&self) -> Text {
        self.wrap("o".to_owned())
    }

    /// The heartbeat.
    pub(crate) fn heartbeat(&self) -> Text {
        self.wrap("h".to_owned())
    }

    /// The frame that closes a session. The reason is cut to [`Close::MAX_REASON`]; a normal
    /// close without one gets one, as from the reference server.
    pub(crate) fn close(&self, close: &Close) -> Text {
        let mut frame = format!("c[{},", u16::from(close.code));
        quote(closes::reason(close), &mut frame);
        frame.push(']');
        self.wrap(frame)
    }

    /// The frame with messages. That of one [shared](Message::shared) message is encoded once
    /// for each form.
    ///
    /// # Errors
    ///
    /// Fails as [`Binary::check`] does.
    pub(crate) fn messages(&self, messages: &[Message], binary: Binary) -> Result<Text, Error> {
        encode(messages, binary, self.form(), |messages| self.wrap(array("a[", messages, binary)))
    }

    /// A frame as a chunk of its response.
    fn wrap(&self, mut frame: String) -> Text {
        match self {
            Self::EventSource => return format!("data: {}\r\n\r\n", EventData(&frame)).into(),
            Self::HtmlFile(_) => {
                // Nothing in the text may end the script.
                let literal = literal(&frame).replace('<', "\\u003c");
                return format!("<script>\np({literal});\n</script>\r\n").into();
            }
            Self::Jsonp(callback) => {
                return format!("/**/{}({});\r\n", callback.as_str(), literal(&frame)).into();
            }
            Self::WebSocket => {}
            Self::XhrPolling | Self::XhrStreaming => frame.push('\n'),
        }
        frame.into()
    }

    /// Tells apart what is encoded once; `None` for what differs with every client.
    fn form(&self) -> Option<u32> {
        match self {
            Self::EventSource => Some(1),
            Self::HtmlFile(_) => Some(2),
            Self::Jsonp(_) => None,
            Self::WebSocket => Some(3),
            Self::XhrPolling | Self::XhrStreaming => Some(4),
        }
    }
}

/// The frame with one message over WebSocket, in parts: for a text without anything to escape, and
/// that nobody shares.
pub(crate) fn plain_frame(message: &Message) -> Option<[&str; 3]> {
    let text = message.as_text().filter(|text| !message.is_shared() && is_plain(text))?;
    Some(["a[\"", text, "\"]"])
}

/// What a client sends: the body of xhr_send, or a WebSocket message. That of one
/// [shared](Message::shared) message is encoded once.
///
/// # Errors
///
/// Fails as [`Binary::check`] does.
pub(crate) fn client_payload(messages: &[Message], binary: Binary) -> Result<Text, Error> {
    encode(messages, binary, Some(0), |messages| array("[", messages, binary).into())
}

fn encode(
    messages: &[Message],
    binary: Binary,
    form: Option<u32>,
    encode: impl Fn(&[Message]) -> Text,
) -> Result<Text, Error> {
    messages.iter().try_for_each(|message| binary.check(message))?;
    let ([message], Some(form)) = (messages, form) else {
        return Ok(encode(messages));
    };
    let variant = match binary {
        Binary::Base64 => form | BASE64_FORM,
        Binary::Refuse => form,
    };
    let key = WireKey { protocol: "sockjs", variant };
    Ok(message.wire_text(key, |message| encode(slice::from_ref(message))))
}

fn array(open: &str, messages: &[Message], binary: Binary) -> String {
    // Exactly, if nothing has to be escaped: two quotation marks, and a comma or the end.
    let length: usize = messages.iter().map(|message| message.len() + 3).sum();
    let mut json = String::with_capacity(open.len() + length);
    json.push_str(open);
    for (at, text) in messages.iter().filter_map(|message| binary.encode(message)).enumerate() {
        if at > 0 {
            json.push(',');
        }
        quote(&text, &mut json);
    }
    json.push(']');
    json
}

/// A frame as a JavaScript string: the escapes of JSON strings are known to it.
fn literal(frame: &str) -> String {
    let mut literal = String::with_capacity(frame.len() + SPARE);
    quote(frame, &mut literal);
    literal
}

/// A frame as the data of an event. The client decodes it as a part of a URI. Frames have no
/// controls, so only `%` is left to escape.
struct EventData<'a>(&'a str);

impl fmt::Display for EventData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.split('%').enumerate() {
            f.write_str(if at == 0 { "" } else { "%25" })?;
            f.write_str(part)?;
        }
        Ok(())
    }
}

const XHR_PRELUDE: &[u8; 2049] = &{
    let mut prelude = [b'h'; 2049];
    prelude[2048] = b'\n';
    prelude
};

/// Room for what is around a text.
const SPARE: usize = 8;
const BASE64_FORM: u32 = 1 << 8;

#[cfg(test)]
mod tests {
    use plimsoll::ErrorKind;

    use super::*;

    fn carriers() -> [Carrier; 6] {
        let callback = Callback::from_query(Some("c=f")).unwrap();
        [
            Carrier::EventSource,
            Carrier::HtmlFile(callback.clone()),
            Carrier::Jsonp(callback),
            Carrier::WebSocket,
            Carrier::XhrPolling,
            Carrier::XhrStreaming,
        ]
    }

    #[test]
    fn a_plain_frame_is_the_same_in_parts() {
        for text in ["", "ahoy", "é ж 中", "-".repeat(1000).as_str()] {
            for binary in [Binary::Refuse, Binary::Base64] {
                let message = Message::from(text);
                let frame = Carrier::WebSocket.messages(slice::from_ref(&message), binary).unwrap();
                assert_eq!(plain_frame(&message).unwrap().concat(), frame.as_str());
                assert_eq!(plain_frame(&message.shared()), None);
            }
        }
        for text in ["\0", "\"", "\\", "a\n", "\u{2028}", "\u{1f600}", "\u{ffff}"] {
            assert_eq!(plain_frame(&Message::from(text)), None, "{text:?}");
        }
        assert_eq!(plain_frame(&Message::binary("ahoy")), None);
    }

    #[test]
    fn a_shared_message_is_encoded_once_for_each_form() {
        for carrier in carriers() {
            let message = Message::from("news").shared();
            let send = || {
                let message = message.clone();
                carrier.messages(slice::from_ref(&message), Binary::Refuse).unwrap()
            };
            let (first, second) = (send(), send());
            assert_eq!(first, second);
            let is_same = first.as_ptr() == second.as_ptr();
            assert_eq!(is_same, !matches!(carrier, Carrier::Jsonp(_)), "{carrier:?}");
        }
        let message = Message::from("\0").shared();
        let send = |binary| client_payload(slice::from_ref(&message), binary).unwrap();
        assert_eq!(send(Binary::Refuse).as_ptr(), send(Binary::Refuse).as_ptr());
        assert_ne!(send(Binary::Refuse), send(Binary::Base64));
    }

    #[test]
    fn forms_do_not_get_mixed_up() {
        let message = [Message::from("100%").shared()];
        let forms = carriers().map(|carrier| carrier.messages(&message, Binary::Refuse).unwrap());
        assert_eq!(
            forms,
            [
                "data: a[\"100%25\"]\r\n\r\n",
                "<script>\np(\"a[\\\"100%\\\"]\");\n</script>\r\n",
                "/**/f(\"a[\\\"100%\\\"]\");\r\n",
                "a[\"100%\"]",
                "a[\"100%\"]\n",
                "a[\"100%\"]\n",
            ]
        );
        assert_eq!(client_payload(&message, Binary::Refuse).unwrap(), "[\"100%\"]");
    }

    #[test]
    fn binary_messages_fail_or_travel_as_text() {
        let messages = [Message::from("a"), Message::from(vec![1, 2])];
        for carrier in carriers() {
            let error = carrier.messages(&messages, Binary::Refuse).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
        let frame = Carrier::WebSocket.messages(&messages, Binary::Base64).unwrap();
        assert_eq!(frame, "a[\"a\",\"\\u0000AQI=\"]");
        assert_eq!(client_payload(&[], Binary::Refuse).unwrap(), "[]");
    }

    #[test]
    fn a_close_always_has_a_reason_that_fits() {
        let frame = |close| Carrier::WebSocket.close(&close);
        assert_eq!(frame(Close::normal()), "c[1000,\"Normal closure\"]");
        assert_eq!(frame(Close::going_away()), "c[1001,\"\"]");
        assert_eq!(
            frame(closes::another_connection()),
            "c[2010,\"Another connection still open\"]"
        );
        assert_eq!(frame(closes::interrupted()), "c[1002,\"Connection interrupted\"]");
        let long = frame(Close::new(3000.into(), "x".repeat(1000)));
        assert_eq!(long.len(), "c[3000,\"\"]".len() + Close::MAX_REASON);
        assert_eq!(frame(Close::new(3000.into(), "\u{2028}")), "c[3000,\"\\u2028\"]");
    }

    #[test]
    fn no_text_ends_the_script_that_carries_it() {
        let callback = Callback::from_query(Some("c=f")).unwrap();
        let carrier = Carrier::HtmlFile(callback);
        for text in ["</script>", "<!--<script>", "]]>", "\u{2028}\n\r"] {
            let frame = carrier.messages(&[Message::from(text)], Binary::Refuse).unwrap();
            let inside = frame.strip_prefix("<script>\n").unwrap();
            let inside = inside.strip_suffix("\n</script>\r\n").unwrap();
            assert!(!inside.contains(['<', '\n', '\r', '\u{2028}']), "{inside}");
        }
    }
}
