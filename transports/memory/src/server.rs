//! The side that listens.

use std::fmt;

use async_trait::async_trait;
use http::{HeaderMap, Uri};
use plimsoll::{
    Admission, BoxDuplex, Capabilities, Dial, Error, ErrorKind, Handshake, Incoming, Listener,
    PeerAddr, Reject,
};
use tokio::sync::{mpsc, oneshot};

use crate::hub::Name;
use crate::{Options, duplex};

/// Takes connections: see [`Memory::listen`](crate::Memory::listen).
pub struct MemoryListener {
    calls: mpsc::Receiver<Call>,
    name: Name,
    options: Options,
}

impl MemoryListener {
    pub(crate) fn new(calls: mpsc::Receiver<Call>, name: Name, options: Options) -> Self {
        Self { calls, name, options }
    }

    /// The URL to connect to.
    pub fn url(&self) -> String {
        format!("mem://{}", self.name)
    }
}

#[async_trait]
impl Listener for MemoryListener {
    async fn accept(&mut self) -> Result<Box<dyn Incoming>, Error> {
        let closed = || Error::new(ErrorKind::Close);
        let call = self.calls.recv().await.ok_or_else(closed)?;
        Ok(Box::new(Caller { call, options: self.options.clone() }))
    }
}

impl fmt::Debug for MemoryListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryListener").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// A request for a connection, on its way from the connector to the listener.
pub(crate) struct Call {
    pub(crate) dial: Dial,
    pub(crate) uri: Uri,
    pub(crate) answer: oneshot::Sender<Result<Accepted, Reject>>,
}

/// What the connector gets.
pub(crate) struct Accepted {
    pub(crate) io: BoxDuplex,
    pub(crate) protocol: Option<String>,
    pub(crate) headers: HeaderMap,
}

struct Caller {
    call: Call,
    options: Options,
}

#[async_trait]
impl Incoming for Caller {
    async fn handshake(&mut self) -> Result<Handshake, Error> {
        let Call { dial, uri, answer } = &mut self.call;
        if answer.is_closed() {
            return Err(Error::new(ErrorKind::Close));
        }
        Ok(Handshake::new(NAME, Capabilities::FULL, uri.clone())
            .with_headers(std::mem::take(&mut dial.headers))
            .with_offered_protocols(std::mem::take(&mut dial.protocols))
            .with_peer(Some(PeerAddr::Other(THIS_PROCESS.into()))))
    }

    async fn accept(self: Box<Self>, admission: &Admission) -> Result<BoxDuplex, Error> {
        let (ours, theirs) = duplex::connect(&self.options);
        let protocol = admission.info().protocol().map(Into::into);
        let headers = admission.response_headers().clone();
        let answer = Ok(Accepted { io: theirs, protocol, headers });
        self.call.answer.send(answer).map_err(|_| Error::new(ErrorKind::Close))?;
        Ok(ours)
    }

    async fn reject(self: Box<Self>, reject: Reject) {
        // Fails if the caller has given up.
        let _ = self.call.answer.send(Err(reject));
    }
}

pub(crate) const NAME: &str = "memory";
pub(crate) const THIS_PROCESS: &str = "this process";
