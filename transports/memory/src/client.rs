//! The side that connects.

use std::{fmt, io};

use async_trait::async_trait;
use http::Uri;
use plimsoll::{Capabilities, Connected, Connector, Dial, Error, ErrorKind, Info, PeerAddr};
use tokio::sync::oneshot;

use crate::hub::Listeners;
use crate::server::{Accepted, Call, NAME, THIS_PROCESS};

/// Makes connections to `mem://name/path?query`: see
/// [`Memory::connector`](crate::Memory::connector).
#[derive(Clone)]
pub struct MemoryConnector {
    listeners: Listeners,
}

impl MemoryConnector {
    pub(crate) fn new(listeners: Listeners) -> Self {
        Self { listeners }
    }
}

#[async_trait]
impl Connector for MemoryConnector {
    fn schemes(&self) -> &[&'static str] {
        &["mem"]
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let uri = format!("mem://{}", dial.after_scheme()).parse::<Uri>();
        let uri = uri.map_err(|_| Error::config("url", "must be mem://name/path?query"))?;
        let (answer, answered) = oneshot::channel();
        let call = Call { dial, uri: uri.clone(), answer };
        let listener = self.listeners.find(uri.host().unwrap_or_default());
        let listener = listener.ok_or_else(|| refused(&uri))?;
        listener.send(call).await.map_err(|_| refused(&uri))?;
        // What drops the call without an answer is the end of the listener, or a failed
        // handshake.
        let Accepted { io, protocol, headers } = answered.await.map_err(|_| refused(&uri))??;
        let info = Info::new(NAME, Capabilities::FULL, uri)
            .with_protocol(protocol)
            .with_headers(headers)
            .with_peer(Some(PeerAddr::Other(THIS_PROCESS.into())));
        Ok(Connected { io, info })
    }
}

impl fmt::Debug for MemoryConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryConnector").finish_non_exhaustive()
    }
}

fn refused(uri: &Uri) -> Error {
    let name = uri.host().unwrap_or_default();
    let message = format!("nobody listens at mem://{name}");
    Error::with_source(ErrorKind::Io, io::Error::new(io::ErrorKind::ConnectionRefused, message))
}
