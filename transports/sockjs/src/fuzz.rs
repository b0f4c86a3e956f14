//! What the fuzz targets run. Each takes any bytes, and panics only for a bug.

use bytes::Bytes;
use plimsoll::{Message, Text};

use crate::codec::base_url::BaseUrl;
use crate::codec::info::ServerInfo;
use crate::codec::{
    Binary, Callback, Carrier, Limits, Lines, Messages, Route, ServerFrame, client_payload,
    form_payload, websocket_payload, xhr_payload,
};

/// What a client sends, in every way, and the echo of it.
pub fn payload(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    for content_type in [None, Some("application/x-www-form-urlencoded")] {
        let _ = form_payload(content_type, body.clone(), LIMITS).map(echo);
    }
    let _ = xhr_payload(None, body.clone(), LIMITS).map(echo);
    if let Ok(text) = Text::from_utf8(body) {
        let _ = websocket_payload(text, LIMITS).map(echo);
    }
}

/// The body of a response to a client, in two parts.
pub fn response(data: &[u8]) {
    let (at, body) = data.split_first().unwrap_or((&0, &[]));
    let (first, second) = body.split_at(usize::from(*at).min(body.len()));
    let mut lines = Lines::new(MAX_LINE);
    for chunk in [first, second] {
        lines.push(chunk);
        while let Ok(Some(line)) = lines.next() {
            assert!(!line.is_empty());
            if let Ok(ServerFrame::Messages(messages)) = ServerFrame::parse(line, LIMITS) {
                echo(messages);
            }
        }
    }
}

/// The target of a request to a server, and what tells a client where to go.
pub fn request(data: &[u8]) {
    let _ = ServerInfo::parse(data);
    let text = String::from_utf8_lossy(data);
    let (path, query) = text.split_once('?').unwrap_or((&text, ""));
    if let Some(route) = Route::parse(path) {
        assert!(route.allows("GET") || route.allows("POST"));
    }
    if let Ok(callback) = Callback::from_query(Some(query)) {
        assert!(!callback.as_str().contains(['<', '>', '"', '\'', '(', '\n', ' ']));
    }
    if let Ok(base) = BaseUrl::parse(&text) {
        let info = base.info();
        assert!(
            BaseUrl::parse(&info).is_ok_and(|info_url| info_url.info().starts_with(&info[..4]))
        );
    }
}

/// Messages go out again as they came in.
fn echo(messages: Messages) {
    let count = messages.len();
    let texts: Vec<_> = messages.collect();
    assert_eq!(texts.len(), count);
    let sent: Vec<_> = texts.iter().cloned().map(Message::from).collect();
    for text in &texts {
        assert!(text.len() <= LIMITS.max_message);
        let _ = Binary::Base64.decode(text.clone());
    }
    let frame = Carrier::WebSocket.messages(&sent, Binary::Refuse).expect("text");
    let Ok(ServerFrame::Messages(received)) = ServerFrame::parse(frame, LIMITS) else {
        panic!("what is sent is not read")
    };
    assert!(received.eq(texts.iter().cloned()));
    let payload = client_payload(&sent, Binary::Refuse).expect("text").into_bytes();
    let received = xhr_payload(None, payload, LIMITS).expect("what is sent is read");
    assert!(received.eq(texts));
}

const LIMITS: Limits = Limits { max_message: 256, max_messages: 64 };
const MAX_LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(data: &[u8]) {
        payload(data);
        response(data);
        request(data);
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(data in prop::collection::vec(any::<u8>(), 0..200)) {
            run(&data);
        }

        #[test]
        fn what_looks_right_does_no_harm(
            data in "[acmohd=%&?/\\[\\]\"\\\\,0-9a-f{}:u\n\u{0}\u{2028}\u{1f600}<']{0,60}",
        ) {
            run(data.as_bytes());
        }

        #[test]
        fn almost_json_does_no_harm(
            parts in prop::collection::vec("\"(\\\\u[d0][8c][0-9]{2}|\\\\n|[a-z])*\"|,|\\[|\\]|1", 0..12),
            frame in "[amch]?",
        ) {
            let json = parts.join(",");
            for data in [format!("[{json}]"), format!("\0{frame}[{json}]\n"), json] {
                run(data.as_bytes());
            }
        }

        #[test]
        fn almost_urls_do_no_harm(
            data in "(sockjs\\+)?(https?|wss?)://[a-z.:0-9\\[\\]@]{1,12}(/[a-z./%]{0,12})?(\\?[a-z&=]{0,8})?",
        ) {
            request(data.as_bytes());
        }
    }
}
