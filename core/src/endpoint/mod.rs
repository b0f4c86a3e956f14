//! The server side, whatever the transports.

mod admission;
mod builder;
mod registry;
mod shutdown;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

pub use self::admission::Admission;
pub use self::builder::EndpointBuilder;
pub use self::shutdown::Shutdown;

use self::admission::opened_then_run;
use self::registry::Registry;
use crate::{
    ConnectionId, Error, Handshake, Incoming, Info, Listener, Message, Plugin, Reject, Sender,
    SlowPolicy, Socket, SocketOptions,
};

/// Runs a handler for each connection that its plugins let in. Clones share everything.
///
/// Transports bring connections: those that listen by themselves through
/// [`listen`](Self::listen), those that live in an HTTP server through `HttpService`.
///
/// The connection lasts as long as its handler: one that returns closes it in order, one that
/// panics closes its own connection, with [`CloseCode::INTERNAL`](crate::CloseCode::INTERNAL),
/// and no other.
#[derive(Clone)]
pub struct Endpoint {
    inner: Arc<Inner>,
    plugins: Plugins,
    handler: Handler,
}

impl Endpoint {
    /// Starts to build an endpoint.
    pub fn builder() -> EndpointBuilder {
        EndpointBuilder::new()
    }

    /// The same endpoint with another handler: for one route, or one request.
    #[must_use]
    pub fn with_handler<H, F>(&self, handler: H) -> Self
    where
        H: Fn(Socket) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self { handler: boxed(handler), ..self.clone() }
    }

    /// The same endpoint with one more plugin, beneath those that it has: nearest to the
    /// transport. For a dialect that only some of the clients speak. Whoever adds it calls its
    /// [`check`](Plugin::check).
    #[must_use]
    pub fn with_plugin_beneath(&self, plugin: Arc<dyn Plugin>) -> Self {
        let plugins = std::iter::once(plugin).chain(self.plugins.iter().cloned()).collect();
        Self { plugins, ..self.clone() }
    }

    /// Asks the plugins to let a connection in. A transport calls this before it answers.
    /// Cancel safe.
    ///
    /// # Errors
    ///
    /// Fails if a plugin turns the connection away; with status 503 if the endpoint is full or
    /// shuts down, or the plugins take longer than its `handshake_timeout`.
    pub async fn admit(&self, mut handshake: Handshake) -> Result<Admission, Reject> {
        let _count = CountPanics(&self.inner.panics);
        match self.examine(&mut handshake).await {
            Ok(permit) => Ok(Admission::new(self.clone(), handshake, permit)),
            Err(reject) => {
                self.refused(handshake.info(), &reject);
                Err(reject)
            }
        }
    }

    /// Takes connections from `listener` until the endpoint shuts down.
    ///
    /// Not cancel safe in one respect: a connection that was just accepted may be dropped.
    ///
    /// # Errors
    ///
    /// Fails if the listener does.
    pub async fn listen(&self, mut listener: impl Listener) -> Result<(), Error> {
        let mut closing = self.inner.closing.subscribe();
        loop {
            let handshakes = Arc::clone(&self.inner.handshakes);
            let (permit, incoming) = tokio::select! {
                accepted = async { (handshakes.acquire_owned().await, listener.accept().await) } => {
                    accepted
                }
                _ = closing.wait_for(Option::is_some) => return Ok(()),
            };
            tokio::spawn(opened_then_run(self.clone().open(incoming?, permit)));
        }
    }

    /// Sends a message to every connection; returns how many took it. It is framed once for
    /// each wire form, and waits for nobody: `policy` says what a slow peer loses.
    pub fn broadcast(&self, message: impl Into<Message>, policy: SlowPolicy) -> usize {
        let message = message.into().shared();
        let peers = self.senders();
        let taken =
            peers.iter().filter(|peer| matches!(peer.send_or(message.clone(), policy), Ok(true)));
        taken.count()
    }

    /// The sender of an open connection.
    pub fn get(&self, id: ConnectionId) -> Option<Sender> {
        self.inner.registry.get(id)
    }

    /// The senders of all open connections.
    pub fn senders(&self) -> Vec<Sender> {
        self.inner.registry.all()
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.inner.registry.len()
    }

    /// How many times a handler or a hook of a plugin has panicked. A [`Filter`](crate::Filter)
    /// that panics does not count: it is an error of its connection.
    pub fn panics(&self) -> u64 {
        self.inner.panics.load(Ordering::Relaxed)
    }

    /// Whether [`shutdown`](Self::shutdown) has begun.
    pub fn is_closing(&self) -> bool {
        self.inner.closing.borrow().is_some()
    }

    fn refused(&self, info: &Info, reject: &Reject) {
        for plugin in &*self.plugins {
            let _ = self.inner.hook(|| plugin.refused(info, reject));
        }
    }

    async fn examine(&self, handshake: &mut Handshake) -> Result<OwnedSemaphorePermit, Reject> {
        if self.is_closing() {
            return Err(Reject::unavailable("shutting down", 1));
        }
        let room = Arc::clone(&self.inner.room);
        let Ok(permit) = room.try_acquire_owned() else {
            return Err(Reject::unavailable("too many connections", 1));
        };
        let ask = async {
            for plugin in &*self.plugins {
                plugin.handshake(handshake).await?;
            }
            Ok(permit)
        };
        let too_long = || Err(Reject::unavailable("the handshake took too long", 1));
        self.inner.step(ask).await.unwrap_or_else(too_long)
    }

    /// Takes a connection of a listener through its handshake; returns what runs it.
    async fn open(
        self,
        mut incoming: Box<dyn Incoming>,
        handshake_permit: impl Send,
    ) -> Option<impl Future<Output = ()> + Send> {
        match self.inner.step(self.answer(&mut incoming)).await?.ok()? {
            Ok(admission) => {
                let io = self.inner.step(incoming.accept(&admission)).await?.ok()?;
                drop(handshake_permit);
                admission.open(io).await
            }
            Err(reject) => {
                self.inner.step(incoming.reject(reject)).await;
                None
            }
        }
    }

    async fn answer(
        &self,
        incoming: &mut Box<dyn Incoming>,
    ) -> Result<Result<Admission, Reject>, Error> {
        let handshake = incoming.handshake().await?;
        Ok(self.admit(handshake).await)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("options", &self.inner.options)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

struct Inner {
    options: Options,
    /// One permit for each connection that may still be let in.
    room: Arc<Semaphore>,
    /// One permit for each connection that may still ask.
    handshakes: Arc<Semaphore>,
    registry: Registry,
    closing: watch::Sender<Option<Shutdown>>,
    killed: watch::Sender<bool>,
    panics: AtomicU64,
}

impl Inner {
    /// Calls a hook that keeps books: if it panics, those of other plugins still are.
    fn hook(&self, hook: impl FnOnce()) -> std::thread::Result<()> {
        let called = catch_unwind(AssertUnwindSafe(hook));
        if called.is_err() {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
        called
    }

    /// Does a step of a handshake; `None` if it takes too long or a shutdown cannot wait for it.
    async fn step<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        let mut killed = self.killed.subscribe();
        tokio::select! {
            biased;
            output = timeout(self.options.handshake_timeout, step) => output.ok(),
            _ = killed.wait_for(|killed| *killed) => None,
        }
    }
}

/// Counts a panic that drops it.
struct CountPanics<'a>(&'a AtomicU64);

impl Drop for CountPanics<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Options {
    max_connections: u32,
    max_handshakes: u32,
    handshake_timeout: Duration,
    socket: SocketOptions,
}

type Plugins = Arc<[Arc<dyn Plugin>]>;
type Handler = Arc<dyn Fn(Socket) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

fn boxed<H, F>(handler: H) -> Handler
where
    H: Fn(Socket) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    Arc::new(move |socket| Box::pin(handler(socket)))
}
