use plimsoll::{Close, CloseCode, Error, ErrorKind, Text};

use super::unquote::Lossy;
use super::{Limits, Messages};

/// What a server sends, as a client reads it.
#[derive(Clone, Debug)]
pub(crate) enum ServerFrame {
    /// `c[code,"reason"]`: the session is closed.
    Close(Close),
    /// `h`: the server is there. The prelude of xhr_streaming, many of them, is one.
    Heartbeat,
    /// `a["…",…]`, or `m"…"`, which servers of old sent.
    Messages(Messages),
    /// `o`: the session is open.
    Open,
}

impl ServerFrame {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::TooLarge`] beyond the limits, and with [`ErrorKind::Protocol`] for
    /// what is not a frame.
    pub(crate) fn parse(frame: Text, limits: Limits) -> Result<Self, Error> {
        let frame = match frame.as_bytes() {
            b"o" => Self::Open,
            [b'h', rest @ ..] if rest.iter().all(|byte| *byte == b'h') => Self::Heartbeat,
            [b'a', ..] => Self::Messages(Messages::array(frame, 1, limits)?),
            [b'm', ..] => Self::Messages(Messages::one(frame, 1, limits)?),
            [b'c', ..] => Self::Close(parse_close(&frame[1..])?),
            _ => return Err(not_a_frame()),
        };
        Ok(frame)
    }
}

fn parse_close(json: &str) -> Result<Close, Error> {
    let (code, reason) = serde_json::from_str::<(u16, Option<Lossy>)>(json)
        .map_err(|error| Error::with_source(ErrorKind::Protocol, error))?;
    let reason = reason.map(|Lossy(reason)| reason).unwrap_or_default();
    Ok(Close::new(CloseCode::from(code), reason))
}

fn not_a_frame() -> Error {
    Error::with_message(ErrorKind::Protocol, "not a SockJS frame")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{Binary, Carrier, closes};

    const LIMITS: Limits = Limits { max_message: 64, max_messages: 8 };

    fn parse(frame: &str) -> Result<ServerFrame, Error> {
        ServerFrame::parse(Text::from(frame), LIMITS)
    }

    fn messages(frame: &str) -> Vec<Text> {
        match parse(frame) {
            Ok(ServerFrame::Messages(messages)) => messages.collect(),
            other => panic!("{frame}: {other:?}"),
        }
    }

    fn close(frame: &str) -> Close {
        match parse(frame) {
            Ok(ServerFrame::Close(close)) => close,
            other => panic!("{frame}: {other:?}"),
        }
    }

    #[test]
    fn every_frame_is_known() {
        assert!(matches!(parse("o"), Ok(ServerFrame::Open)));
        assert!(matches!(parse("h"), Ok(ServerFrame::Heartbeat)));
        assert!(matches!(parse(&"h".repeat(2048)), Ok(ServerFrame::Heartbeat)));
        assert_eq!(messages(r#"a["x","\ud83d\ude00"]"#), ["x", "\u{1f600}"]);
        assert_eq!(messages("a[]"), [""; 0]);
        assert_eq!(messages(r#"m"x""#), ["x"]);
        assert_eq!(close(r#"c[3000,"Go away!"]"#), Close::new(3000.into(), "Go away!"));
        assert_eq!(close(r#"c[1000,null]"#), Close::normal());
        assert_eq!(close(r#"c[1000,"\ud800"]"#).reason, "\u{fffd}");
    }

    #[test]
    fn what_is_no_frame_fails() {
        for frame in [
            "",
            "x",
            "O",
            "oo",
            "o ",
            "ho",
            "a",
            "a[",
            "a[1]",
            "a{}",
            "a\"x\"",
            "m",
            "m1",
            "m[\"x\"]",
            "c",
            "c[]",
            "c[1000]",
            "c[1000,\"\",1]",
            "c[-1,\"\"]",
            "c[65536,\"\"]",
            "c[1e3,\"\"]",
            "c[\"1000\",\"\"]",
            "é",
        ] {
            assert_eq!(parse(frame).unwrap_err().kind(), ErrorKind::Protocol, "{frame}");
        }
        let long = format!("m\"{}\"", "x".repeat(65));
        assert_eq!(parse(&long).unwrap_err().kind(), ErrorKind::TooLarge);
        let many = format!("a[{}]", ["\"\""; 9].join(","));
        assert_eq!(parse(&many).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    proptest! {
        #[test]
        fn what_a_server_sends_is_read(
            texts in prop::collection::vec("[\\x00-\\x7f\u{2028}é\u{1f600}\u{ffff}]{0,12}", 0..8),
            code in any::<u16>(),
            reason in "[\\x00-\\x1f%<\\PC]{1,30}",
        ) {
            let sent: Vec<_> = texts.iter().map(|text| text.as_str().into()).collect();
            let frame = Carrier::WebSocket.messages(&sent, Binary::Refuse).unwrap();
            let received = messages(&frame);
            prop_assert!(received.iter().map(Text::as_str).eq(texts.iter().map(String::as_str)));

            let sent = Close::new(code.into(), reason);
            let frame = Carrier::WebSocket.close(&sent);
            let received = close(&frame);
            prop_assert_eq!(received.code, sent.code);
            prop_assert_eq!(received.reason, closes::reason(&sent));
        }
    }
}
