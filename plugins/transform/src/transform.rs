//! The plugin.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use plimsoll::{BoxDuplex, Error, Info, Message, Plugin};

use crate::transformed::Transformed;

/// Runs a step on each message, one after the other.
///
/// A direction without a step is left as it is. Several transforms are several plugins: what
/// comes in meets them in the order in which they were added, what goes out in reverse.
///
/// A step is made for each connection, by a function that sees the connection's [`Info`] as far
/// as the transport and the plugins beneath have filled it. It is given the messages of its
/// direction, and returns a future of
/// - `Ok(Some(message))`: this goes on in its place;
/// - `Ok(None)`: the message is swallowed;
/// - an error: the connection ends with the error's [close](Error::close).
///
/// One that panics ends its own connection with
/// [`CloseCode::INTERNAL`](plimsoll::CloseCode::INTERNAL).
///
/// At most one message of each direction is in a step, and more are taken neither from the peer
/// nor from the outbox meanwhile: a slow step is backpressure. Frames that are no messages, such
/// as a close, wait for their turn too, so a heartbeat belongs beneath a slow step. When the peer
/// has closed, or is gone, what is on its way to it is dropped, in a step or not.
#[derive(Clone, Default)]
pub struct Transform {
    inbound: Option<MakeStep>,
    outbound: Option<MakeStep>,
}

impl Transform {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the step for messages from the peer.
    #[must_use]
    pub fn inbound<M, S, F>(mut self, make: M) -> Self
    where
        M: Fn(&Info) -> S + Send + Sync + 'static,
        S: FnMut(Message) -> F + Send + 'static,
        F: Future<Output = Result<Option<Message>, Error>> + Send + 'static,
    {
        self.inbound = Some(boxed(make));
        self
    }

    /// Sets the step for messages to the peer.
    #[must_use]
    pub fn outbound<M, S, F>(mut self, make: M) -> Self
    where
        M: Fn(&Info) -> S + Send + Sync + 'static,
        S: FnMut(Message) -> F + Send + 'static,
        F: Future<Output = Result<Option<Message>, Error>> + Send + 'static,
    {
        self.outbound = Some(boxed(make));
        self
    }
}

impl Plugin for Transform {
    fn wrap(&self, io: BoxDuplex, info: &mut Info) -> BoxDuplex {
        let inbound = self.inbound.as_ref().map(|make| make(info));
        let outbound = self.outbound.as_ref().map(|make| make(info));
        Box::new(Transformed::new(io, inbound, outbound))
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transform")
            .field("inbound", &self.inbound.is_some())
            .field("outbound", &self.outbound.is_some())
            .finish()
    }
}

/// What becomes of a message.
pub(crate) type Outcome = Result<Option<Message>, Error>;
pub(crate) type Step = Box<dyn FnMut(Message) -> BoxFuture<'static, Outcome> + Send>;
type MakeStep = Arc<dyn Fn(&Info) -> Step + Send + Sync>;

fn boxed<M, S, F>(make: M) -> MakeStep
where
    M: Fn(&Info) -> S + Send + Sync + 'static,
    S: FnMut(Message) -> F + Send + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(move |info| {
        let mut step = make(info);
        Box::new(move |message| step(message).boxed())
    })
}
