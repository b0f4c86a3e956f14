//! A channel that the peer opens, before it is answered.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;
use plimsoll::{
    Admission, BoxDuplex, Endpoint, Error, Handshake, Incoming, Info, Reject, Socket, SocketOptions,
};

use crate::channel::{Channel, TRANSPORT, uri};
use crate::dialect::Request;
use crate::handle::Handle;
use crate::multiplex::Multiplex;

/// A channel that the peer opens, before it is answered. Dropping it refuses the channel with
/// status 503.
pub struct IncomingChannel {
    handle: Handle,
    request: Request,
    parent: Arc<Info>,
    options: Arc<Multiplex>,
}

impl IncomingChannel {
    pub(crate) fn new(
        handle: Handle,
        request: Request,
        parent: Arc<Info>,
        options: Arc<Multiplex>,
    ) -> Self {
        Self { handle, request, parent, options }
    }

    /// The name of the channel.
    pub fn name(&self) -> &str {
        &self.request.name
    }

    /// What is known of the connection beneath.
    pub fn parent(&self) -> &Info {
        &self.parent
    }

    /// Lets the channel in without an endpoint and its plugins, and with the default
    /// [`SocketOptions`].
    ///
    /// # Errors
    ///
    /// Fails if the connection beneath is closed.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn accept(self) -> Result<Socket, Error> {
        let mut info = Info::new(TRANSPORT, self.options.dialect.capabilities(), self.uri())
            .with_headers(self.request.headers.clone())
            .with_peer(self.parent.peer().cloned());
        info.insert(self.channel());
        self.handle.accept(None, HeaderMap::new())?;
        Ok(Socket::spawn(Box::new(self.handle), info, SocketOptions::default()))
    }

    /// Turns the channel away. The peer learns the status in the own dialect only; in the others
    /// the channel is closed.
    pub fn reject(self, reject: Reject) {
        self.handle.refuse(reject);
    }

    /// Has `endpoint` let the channel in or turn it away, and runs its handler on it in a task
    /// of the endpoint's. Waits for the plugins of the endpoint, not for the handler.
    ///
    /// Cancel safe: the channel is refused.
    pub async fn serve(mut self, endpoint: &Endpoint) {
        match endpoint.admit(self.greeting()).await {
            Ok(admission) => {
                if let Ok(io) = self.open(&admission) {
                    admission.spawn(ready(Some(io)));
                }
            }
            Err(reject) => self.handle.refuse(reject),
        }
    }

    fn greeting(&mut self) -> Handshake {
        let capabilities = self.options.dialect.capabilities();
        let mut handshake = Handshake::new(TRANSPORT, capabilities, self.uri())
            .with_headers(std::mem::take(&mut self.request.headers))
            .with_offered_protocols(std::mem::take(&mut self.request.protocols))
            .with_peer(self.parent.peer().cloned());
        handshake.extensions_mut().insert(self.channel());
        handshake
    }

    fn open(self, admission: &Admission) -> Result<BoxDuplex, Error> {
        let protocol = admission.info().protocol().map(Into::into);
        self.handle.accept(protocol, admission.response_headers().clone())?;
        Ok(Box::new(self.handle))
    }

    fn uri(&self) -> http::Uri {
        uri(&self.request.name, self.request.query.as_deref())
    }

    fn channel(&self) -> Channel {
        Channel::new(Arc::clone(&self.request.name), Arc::clone(&self.parent))
    }
}

#[async_trait]
impl Incoming for IncomingChannel {
    async fn handshake(&mut self) -> Result<Handshake, Error> {
        Ok(self.greeting())
    }

    async fn accept(self: Box<Self>, admission: &Admission) -> Result<BoxDuplex, Error> {
        self.open(admission)
    }

    async fn reject(self: Box<Self>, reject: Reject) {
        self.handle.refuse(reject);
    }
}

impl fmt::Debug for IncomingChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingChannel").field("name", &self.name()).finish_non_exhaustive()
    }
}
