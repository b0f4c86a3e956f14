//! What a transport gives to the kit.

use std::fmt;

use plimsoll::{BoxDuplex, Capabilities, Connected, Duplex};

/// A fresh connection: both of its ends, and what its transport can do.
///
/// Comes of two duplexes of a transport that carries everything, or of a
/// [`Connected`] and the duplex at the server's end.
pub struct Pair {
    pub(crate) client: BoxDuplex,
    pub(crate) server: BoxDuplex,
    pub(crate) capabilities: Capabilities,
}

impl Pair {
    /// Makes a pair over a transport that carries everything: [`Capabilities::FULL`].
    pub fn new(client: impl Duplex, server: impl Duplex) -> Self {
        Self {
            client: Box::new(client),
            server: Box::new(server),
            capabilities: Capabilities::FULL,
        }
    }

    /// Sets what the transport can do.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Both ends, the client's first, for what is to be done before a case begins.
    pub fn ends(&mut self) -> (&mut BoxDuplex, &mut BoxDuplex) {
        (&mut self.client, &mut self.server)
    }
}

impl From<(BoxDuplex, BoxDuplex)> for Pair {
    fn from((client, server): (BoxDuplex, BoxDuplex)) -> Self {
        Self { client, server, capabilities: Capabilities::FULL }
    }
}

impl From<(Connected, BoxDuplex)> for Pair {
    fn from((client, server): (Connected, BoxDuplex)) -> Self {
        let capabilities = client.info.capabilities();
        Self { client: client.io, server, capabilities }
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}
