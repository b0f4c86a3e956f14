/// How a session's frames travel to the client.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Transport {
    /// By server-sent events.
    EventSource,
    /// In a page that a hidden frame loads: a stream for old browsers.
    HtmlFile,
    /// In scripts, one for each frame: polling for old browsers.
    JsonpPolling,
    /// Over WebSocket, with the framing of SockJS or raw.
    WebSocket,
    /// In responses with one frame each.
    XhrPolling,
    /// In a long response.
    XhrStreaming,
}

impl Transport {
    /// The transport with this name at the end of its path.
    pub(crate) fn at(name: &str) -> Option<Self> {
        Some(match name {
            "eventsource" => Self::EventSource,
            "htmlfile" => Self::HtmlFile,
            "jsonp" => Self::JsonpPolling,
            "websocket" => Self::WebSocket,
            "xhr" => Self::XhrPolling,
            "xhr_streaming" => Self::XhrStreaming,
            _ => return None,
        })
    }
}
