/// How packets travel.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Transport {
    /// By HTTP long-polling: one request waits for packets, others bring them.
    Polling,
    /// Over a WebSocket.
    WebSocket,
}

impl Transport {
    /// The transport with a name on the wire, if it is known.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Polling, Self::WebSocket].into_iter().find(|transport| transport.name() == name)
    }

    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}
