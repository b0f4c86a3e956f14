use crate::Transport;

/// What a path below the prefix of a service stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Route<'a> {
    /// The prefix itself.
    Greeting,
    /// The page for requests of old browsers to other domains.
    Iframe,
    /// Information for the client.
    Info,
    /// A WebSocket without the framing of the protocol.
    RawWebSocket,
    /// Receives from a session, which it opens if there is none.
    Receive { session: &'a str, transport: Transport },
    /// Sends to a session.
    Send { session: &'a str, format: SendFormat },
}

/// How a request brings messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SendFormat {
    /// `jsonp_send`: in a form.
    Form,
    /// `xhr_send`: as JSON.
    Json,
}

impl<'a> Route<'a> {
    /// Finds the route of a path, as it is in the request: without decoding, and without the
    /// prefix of the service. It may end with one slash. Ids of sessions have 1 to 128 bytes.
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Some(Self::Greeting);
        }
        let mut segments = path.strip_prefix('/')?.splitn(4, '/');
        match (segments.next()?, segments.next(), segments.next(), segments.next()) {
            ("info", None, ..) => Some(Self::Info),
            ("websocket", None, ..) => Some(Self::RawWebSocket),
            (page, None, ..) => is_iframe(page).then_some(Self::Iframe),
            (server, Some(session), Some(name), None) if is_id(server) && is_id(session) => {
                Self::in_session(session, name)
            }
            _ => None,
        }
    }

    /// The methods, as in `Allow`.
    pub(crate) fn methods(self) -> &'static str {
        match self {
            Self::Greeting | Self::Iframe | Self::RawWebSocket => "GET",
            Self::Info => "OPTIONS, GET",
            Self::Receive { transport, .. } => match transport {
                Transport::EventSource
                | Transport::HtmlFile
                | Transport::JsonpPolling
                | Transport::WebSocket => "GET",
                Transport::XhrPolling | Transport::XhrStreaming => "POST, OPTIONS",
            },
            Self::Send { format: SendFormat::Form, .. } => "POST",
            Self::Send { format: SendFormat::Json, .. } => "POST, OPTIONS",
        }
    }

    /// Whether a method is one of them.
    pub(crate) fn allows(self, method: &str) -> bool {
        self.methods().split(", ").any(|allowed| allowed == method)
    }

    fn in_session(session: &'a str, name: &str) -> Option<Self> {
        let format = match name {
            "jsonp_send" => SendFormat::Form,
            "xhr_send" => SendFormat::Json,
            _ => {
                let transport = Transport::at(name)?;
                return Some(Self::Receive { session, transport });
            }
        };
        Some(Self::Send { session, format })
    }
}

fn is_iframe(page: &str) -> bool {
    let version = page.strip_prefix("iframe").and_then(|rest| rest.strip_suffix(".html"));
    version.is_some_and(|version| {
        version.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'.' | b'_'))
    })
}

fn is_id(segment: &str) -> bool {
    (1..=MAX_ID).contains(&segment.len()) && !segment.contains('.')
}

const MAX_ID: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn receive(session: &str, transport: Transport) -> Option<Route<'_>> {
        Some(Route::Receive { session, transport })
    }

    #[test]
    fn every_path_of_the_protocol_is_found() {
        for (path, route, methods) in [
            ("", Some(Route::Greeting), "GET"),
            ("/info", Some(Route::Info), "OPTIONS, GET"),
            ("/iframe.html", Some(Route::Iframe), "GET"),
            ("/iframe-0.3.2-dev_1.html", Some(Route::Iframe), "GET"),
            ("/websocket", Some(Route::RawWebSocket), "GET"),
            ("/0/s/websocket", receive("s", Transport::WebSocket), "GET"),
            ("/000/a%20b/xhr", receive("a%20b", Transport::XhrPolling), "POST, OPTIONS"),
            ("/abc/info/xhr_streaming", receive("info", Transport::XhrStreaming), "POST, OPTIONS"),
            ("/_/s/eventsource", receive("s", Transport::EventSource), "GET"),
            ("/_/s/htmlfile", receive("s", Transport::HtmlFile), "GET"),
            ("/_/s/jsonp", receive("s", Transport::JsonpPolling), "GET"),
            (
                "/_/s/xhr_send",
                Some(Route::Send { session: "s", format: SendFormat::Json }),
                "POST, OPTIONS",
            ),
            (
                "/_/s/jsonp_send",
                Some(Route::Send { session: "s", format: SendFormat::Form }),
                "POST",
            ),
        ] {
            assert_eq!(Route::parse(path), route, "{path}");
            assert_eq!(Route::parse(&format!("{path}/")), route, "{path}/");
            assert_eq!(route.unwrap().methods(), methods);
        }
        assert!(Route::Info.allows("GET") && Route::Info.allows("OPTIONS"));
        for method in ["POST", "get", "", ", ", "OPTIONS, GET"] {
            assert!(!Route::Info.allows(method), "{method}");
        }
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in [
            "//",
            "info",
            "/infox",
            "/info//",
            "/iframe.htm",
            "/IFRAME.HTML",
            "/iframe-A.html",
            "/iframe/.html",
            "/s/xhr",
            "//s/xhr",
            "/a//xhr",
            "/a.b/s/xhr",
            "/a/s.t/xhr",
            "/a/s/XHR",
            "/a/s/",
            "/a/s",
            "/a/s/xhr/x",
            "/a/s/xhr//",
            "/a/s/xhr_poll",
            "/a/s/xhr-streaming",
        ] {
            assert_eq!(Route::parse(path), None, "{path}");
        }
        let path = |length| format!("/0/{}/xhr", "s".repeat(length));
        assert!(Route::parse(&path(128)).is_some());
        assert!(Route::parse(&path(129)).is_none());
    }

    proptest! {
        #[test]
        fn any_path_is_read_without_a_panic(path in "[/a-z._é]{0,30}|\\PC*") {
            if let Some(Route::Receive { session, .. } | Route::Send { session, .. }) = Route::parse(&path) {
                let segment = format!("/{session}/");
                prop_assert!(path.contains(&segment));
            }
        }
    }
}
