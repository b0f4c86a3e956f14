//! The client side, whatever the transport.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::reconnect::{Backoff, Reconnect};
use crate::{
    Connected, Connector, Dial, Error, ErrorKind, LinkStatus, Plugin, Socket, SocketOptions,
    closing,
};

/// Connects over whichever transport a URL names. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Dialer(Arc<Inner>);

struct Inner {
    connectors: HashMap<&'static str, Arc<dyn Connector>>,
    plugins: Vec<Arc<dyn Plugin>>,
    socket: SocketOptions,
    connect_timeout: Duration,
}

impl Dialer {
    /// Starts to build a dialer.
    pub fn builder() -> DialerBuilder {
        DialerBuilder {
            connectors: Vec::new(),
            plugins: Vec::new(),
            socket: SocketOptions::default(),
            connect_timeout: Duration::from_secs(10),
        }
    }

    /// Connects to a URL, for example `ws://example.com/chat`; a [`Dial`] may add headers and
    /// more.
    ///
    /// Cancel safe: no connection is left behind.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Unsupported`] if no transport serves the URL's scheme, with
    /// [`ErrorKind::Rejected`] if the server turns the connection away, with
    /// [`ErrorKind::Timeout`] if it takes too long, and with [`ErrorKind::Io`] if the server
    /// cannot be reached.
    pub async fn connect(&self, to: impl Into<Dial>) -> Result<Socket, Error> {
        let Connected { io, info } = self.open(to.into()).await?;
        Ok(Socket::spawn(io, info, self.0.socket))
    }

    /// Connects, and connects again whenever the connection is lost, plugins and all, until it
    /// is closed on purpose or `backoff` gives up.
    ///
    /// What was sent but had not reached the peer when a connection was lost may be lost with
    /// it; what is sent while there is none waits in the outbox, which is
    /// [bounded](SocketOptions::outbox_bytes). Each attempt asks the plugins anew, for example
    /// for a fresh credential, and has the dialer's
    /// [`connect_timeout`](DialerBuilder::connect_timeout). The socket's [`info`](Socket::info)
    /// stays that of the first connection.
    ///
    /// If the backoff gives up, [`recv`](Socket::recv) returns the error of the last attempt. If
    /// the server closes with a [code](crate::CloseCode::may_reconnect) that says to stay away,
    /// it returns `None`, as for every close in order:
    /// [`Sender::closed`](crate::Sender::closed) tells the code then, and so does the status, by
    /// [`LinkState::Closed`](crate::LinkState::Closed).
    ///
    /// The times are those of a monotonic clock: setting the system's clock changes nothing. On
    /// Linux that clock stands still while the machine sleeps, so a wait for the next attempt
    /// goes on where it was, and a connection that died meanwhile is noticed by the first write
    /// after that, or by a heartbeat.
    ///
    /// # Errors
    ///
    /// Fails if the first attempt does: as [`connect`](Self::connect), and with
    /// [`ErrorKind::Config`] for a backoff that cannot work.
    pub async fn keep_connected(
        &self,
        to: impl Into<Dial>,
        backoff: Backoff,
    ) -> Result<(Socket, LinkStatus), Error> {
        backoff.check()?;
        let dial = to.into();
        let Connected { io, info } = self.open(dial.clone()).await?;
        let (io, status) = Reconnect::new(self.clone(), dial, backoff, io);
        Ok((Socket::spawn(Box::new(io), info, self.0.socket), status))
    }

    /// Connects without a driver, for use of the [`Duplex`](crate::Duplex) itself.
    ///
    /// Cancel safe: no connection is left behind.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub async fn open(&self, dial: Dial) -> Result<Connected, Error> {
        timeout(self.0.connect_timeout, self.open_within(dial)).await.unwrap_or_else(|_| {
            let message = "connecting took longer than `connect_timeout`";
            Err(Error::with_message(ErrorKind::Timeout, message))
        })
    }

    async fn open_within(&self, mut dial: Dial) -> Result<Connected, Error> {
        let Inner { connectors, plugins, .. } = &*self.0;
        let connector = connectors.get(dial.scheme()).ok_or_else(|| {
            let mut schemes: Vec<_> = connectors.keys().copied().collect();
            schemes.sort_unstable();
            let message = format!(
                "no transport for the scheme `{}`; there are: {}",
                dial.scheme(),
                schemes.join(", ")
            );
            Error::with_message(ErrorKind::Unsupported, message)
        })?;
        for plugin in plugins.iter().rev() {
            plugin.dial(&mut dial).await?;
        }
        let Connected { mut io, mut info } = connector.connect(dial).await?;
        for plugin in plugins {
            io = plugin.wrap(io, &mut info);
            if let Err(error) = plugin.establish(&mut io, &mut info).await {
                closing::tell(io, &error, self.0.socket.close_timeout).await;
                return Err(error);
            }
        }
        Ok(Connected { io, info })
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.0.connectors.keys();
        f.debug_struct("Dialer").field("schemes", &schemes).finish_non_exhaustive()
    }
}

/// Builds a [`Dialer`].
#[must_use]
pub struct DialerBuilder {
    connectors: Vec<Arc<dyn Connector>>,
    plugins: Vec<Arc<dyn Plugin>>,
    socket: SocketOptions,
    connect_timeout: Duration,
}

impl DialerBuilder {
    /// Adds a transport. Of two that serve the same scheme, the one added last counts.
    pub fn transport(mut self, connector: impl Connector) -> Self {
        self.connectors.push(Arc::new(connector));
        self
    }

    /// Adds a plugin above those added before: nearer to the application.
    pub fn plugin(mut self, plugin: impl Plugin) -> Self {
        self.plugins.push(Arc::new(plugin));
        self
    }

    /// Sets the limits of each connection.
    pub fn socket(mut self, options: SocketOptions) -> Self {
        self.socket = options;
        self
    }

    /// Sets how long one attempt to connect may take, plugins included. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Checks the options and makes the dialer.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] if an option, a transport's or a plugin's included,
    /// cannot work.
    pub fn build(self) -> Result<Dialer, Error> {
        self.socket.check()?;
        if self.connect_timeout.is_zero() {
            return Err(Error::config("connect_timeout", "must be longer than zero"));
        }
        if self.connectors.is_empty() {
            let remedy = "add at least one, for example `.transport(WebSocket::connector())`";
            return Err(Error::config("transport", remedy));
        }
        let mut connectors = HashMap::new();
        for connector in &self.connectors {
            connector.check()?;
            for scheme in connector.schemes() {
                connectors.insert(*scheme, Arc::clone(connector));
            }
        }
        self.plugins.iter().try_for_each(|plugin| plugin.check())?;
        let Self { plugins, socket, connect_timeout, .. } = self;
        Ok(Dialer(Arc::new(Inner { connectors, plugins, socket, connect_timeout })))
    }
}

impl fmt::Debug for DialerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialerBuilder").finish_non_exhaustive()
    }
}
