//! Who takes part in a comparison.

use crate::load::Protocols;
use crate::server::Implementation;

/// One row of the table: an implementation, and what is spoken to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Contender {
    /// What the server is made of.
    pub implementation: Implementation,
    /// What the load speaks.
    pub protocol: Protocols,
}

impl Contender {
    /// The name in the table of `protocol`.
    pub fn name(self, protocol: Protocols) -> String {
        let name = self.implementation.name();
        if self.protocol == protocol {
            name.to_owned()
        } else {
            format!("{name}, {}", self.protocol.name())
        }
    }

    /// Those the others are held against in the table of `protocol`, with their titles there.
    pub(super) fn yardsticks(protocol: Protocols) -> Vec<(Self, &'static str)> {
        let of = |implementation| Self { implementation, protocol };
        let plain = (Self::PLAIN, "plimsoll over plain WebSocket");
        match protocol {
            Protocols::WebSocket => vec![
                (of(Implementation::Tungstenite), "bare tokio-tungstenite"),
                (of(Implementation::Axum), "axum"),
            ],
            Protocols::EngineIoPolling | Protocols::EngineIoWebSocket => vec![
                plain,
                #[cfg(feature = "engineioxide")]
                (of(Implementation::EngineIoxide), "engineioxide"),
                (of(Implementation::NodeEngineIo), "engine.io on Node"),
            ],
            Protocols::PrimusWebSocket => {
                vec![plain, (of(Implementation::NodePrimus), "primus on Node")]
            }
            Protocols::SockJsWebSocket | Protocols::SockJsXhr => {
                vec![plain, (of(Implementation::NodeSockJs), "sockjs on Node")]
            }
        }
    }

    /// This project over WebSocket with nothing on top: what a protocol costs is seen against it.
    pub(super) const PLAIN: Self =
        Self { implementation: Implementation::Plimsoll, protocol: Protocols::WebSocket };
}
