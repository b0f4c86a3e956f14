use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::registry::Registry;
use super::{Endpoint, Inner, Options, boxed};
use crate::{Error, Plugin, Socket, SocketOptions};

/// Builds an [`Endpoint`].
#[must_use]
pub struct EndpointBuilder {
    plugins: Vec<Arc<dyn Plugin>>,
    options: Options,
}

impl EndpointBuilder {
    pub(super) fn new() -> Self {
        let options = Options {
            max_connections: 100_000,
            max_handshakes: 4096,
            handshake_timeout: Duration::from_secs(10),
            socket: SocketOptions::default(),
        };
        Self { plugins: Vec::new(), options }
    }

    /// Adds a plugin above those added before: nearer to the handler.
    pub fn plugin(mut self, plugin: impl Plugin) -> Self {
        self.plugins.push(Arc::new(plugin));
        self
    }

    /// Sets how many connections may be open at once; more are turned away with status 503.
    /// Default: 100,000.
    pub fn max_connections(mut self, max: u32) -> Self {
        self.options.max_connections = max;
        self
    }

    /// Sets how many connections of a [`Listener`](crate::Listener) may be in their handshake at
    /// once; more wait in the system's accept queue. Default: 4096.
    pub fn max_handshakes(mut self, max: u32) -> Self {
        self.options.max_handshakes = max;
        self
    }

    /// Sets how long each step of a handshake may take: until the peer has said what it wants,
    /// until it was answered, until the plugins have established the connection. Default: 10 s.
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.options.handshake_timeout = limit;
        self
    }

    /// Sets the limits of each connection.
    pub fn socket(mut self, options: SocketOptions) -> Self {
        self.options.socket = options;
        self
    }

    /// Sets what runs for each connection, and makes the endpoint.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if an option, a plugin's
    /// included, cannot work.
    pub fn handle<H, F>(self, handler: H) -> Result<Endpoint, Error>
    where
        H: Fn(Socket) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { plugins, options } = self;
        options.socket.check()?;
        if !(1..=MAX_PERMITS).contains(&options.max_connections) {
            return Err(Error::config("max_connections", "must be from 1 to 536,870,911"));
        }
        if !(1..=MAX_PERMITS).contains(&options.max_handshakes) {
            return Err(Error::config("max_handshakes", "must be from 1 to 536,870,911"));
        }
        if options.handshake_timeout.is_zero() {
            return Err(Error::config("handshake_timeout", "must be longer than zero"));
        }
        plugins.iter().try_for_each(|plugin| plugin.check())?;
        let inner = Arc::new(Inner {
            room: Arc::new(Semaphore::new(options.max_connections as usize)),
            handshakes: Arc::new(Semaphore::new(options.max_handshakes as usize)),
            options,
            registry: Registry::default(),
            closing: watch::Sender::new(None),
            killed: watch::Sender::new(false),
            panics: AtomicU64::new(0),
        });
        Ok(Endpoint { inner, plugins: plugins.into(), handler: boxed(handler) })
    }
}

impl fmt::Debug for EndpointBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What a semaphore of tokio holds on every platform.
const MAX_PERMITS: u32 = (1 << 29) - 1;
