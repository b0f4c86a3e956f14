//! TCP, and TLS on it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use http::{Extensions, Uri};
use plimsoll::{Connected, Connector, Dial, Error, Incoming, Listener, PeerAddr};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{self, TcpStream, ToSocketAddrs};

use crate::server::{self, Caller};
#[cfg(feature = "tls")]
use crate::tls::{ClientTls, ServerTls, TlsCaller};
use crate::{Options, client};

/// The transport over TCP. A server starts with [`Tcp::new`], a client with
/// [`Tcp::connector`].
///
/// ```
/// use plimsoll_tcp::{Options, Tcp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), plimsoll::Error> {
/// let options = Options::default().max_message(1024 * 1024);
/// let listener = Tcp::new().options(options).bind("127.0.0.1:0").await?;
/// println!("listening on tcp://{}", listener.local_addr()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tcp {
    options: Options,
    #[cfg(feature = "tls")]
    tls: Option<ServerTls>,
}

impl Tcp {
    /// Makes a server with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes connections to `tcp://host:port/path?query`, and to `tls://` with the feature
    /// `tls`.
    pub fn connector() -> TcpConnector {
        TcpConnector::default()
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Takes TLS connections only.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Listens at an address. Port 0 stands for any free one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if an option cannot work,
    /// [`ErrorKind::Io`](plimsoll::ErrorKind::Io) if the address cannot be had.
    pub async fn bind(self, address: impl ToSocketAddrs) -> Result<TcpListener, Error> {
        self.options.check()?;
        let listener = net::TcpListener::bind(address).await?;
        Ok(TcpListener { listener, tcp: self })
    }

    /// Listens on a socket that listens already, for example one that the service manager
    /// opened.
    ///
    /// # Errors
    ///
    /// As for [`bind`](Self::bind).
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn listen(self, listener: std::net::TcpListener) -> Result<TcpListener, Error> {
        self.options.check()?;
        listener.set_nonblocking(true)?;
        Ok(TcpListener { listener: net::TcpListener::from_std(listener)?, tcp: self })
    }
}

/// Takes connections over TCP: see [`Tcp::bind`].
///
/// A lack of file descriptors or of memory does not end it: it waits for a moment and goes on.
pub struct TcpListener {
    listener: net::TcpListener,
    tcp: Tcp,
}

impl TcpListener {
    /// The address at which it listens.
    ///
    /// # Errors
    ///
    /// Fails if the system does not know.
    pub fn local_addr(&self) -> Result<SocketAddr, Error> {
        Ok(self.listener.local_addr()?)
    }
}

#[async_trait]
impl Listener for TcpListener {
    async fn accept(&mut self) -> Result<Box<dyn Incoming>, Error> {
        let (stream, address) = loop {
            match self.listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) => server::after_failure(error).await?,
            }
        };
        let options = self.tcp.options;
        set_up(&stream, &options);
        let extensions = Extensions::new();
        let peer = server::Peer { transport: NAME, address: PeerAddr::Ip(address), extensions };
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tcp.tls {
            return Ok(Box::new(TlsCaller::new(tls.clone(), stream, peer, options)));
        }
        Ok(Box::new(Caller::new(stream, peer, options)))
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Makes connections over TCP: see [`Tcp::connector`].
#[derive(Clone, Debug, Default)]
pub struct TcpConnector {
    options: Options,
    #[cfg(feature = "tls")]
    tls: Option<ClientTls>,
}

impl TcpConnector {
    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets whom to trust at `tls://`. Default: the authorities that the system trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self
    }
}

#[async_trait]
impl Connector for TcpConnector {
    fn schemes(&self) -> &[&'static str] {
        if cfg!(feature = "tls") { &["tcp", "tls"] } else { &["tcp"] }
    }

    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let invalid = || Error::config("url", "must be like tcp://host:port/path?query");
        let uri: Uri = dial.url().parse().map_err(|_| invalid())?;
        let (Some(host), Some(port)) = (uri.host(), uri.port_u16()) else {
            return Err(invalid());
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, port)).await?;
        set_up(&stream, &self.options);
        let address = PeerAddr::Ip(stream.peer_addr()?);
        let peer = client::Peer { transport: NAME, address, uri: uri.clone() };
        #[cfg(feature = "tls")]
        if dial.scheme() == "tls" {
            let tls = self.tls.clone().map_or_else(ClientTls::system, Ok)?;
            let stream = tls.connect(host, stream).await?;
            return client::open(stream, dial, peer, self.options).await;
        }
        client::open(stream, dial, peer, self.options).await
    }
}

/// Failures are the connection's own, and will show when it is used.
fn set_up(stream: &TcpStream, options: &Options) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    if let Some(silence) = options.keepalive {
        let interval = (silence / 4).max(MIN_INTERVAL);
        let keepalive = TcpKeepalive::new().with_time(silence).with_interval(interval);
        let _ = socket.set_tcp_keepalive(&keepalive);
    }
    #[cfg(target_os = "linux")]
    if options.user_timeout.is_some() {
        let _ = socket.set_tcp_user_timeout(options.user_timeout);
    }
}

const NAME: &str = "tcp";
/// Between two probes; systems take whole seconds.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_system_is_told_when_to_give_a_peer_up() {
        let second = Duration::from_secs(1);
        for (keepalive, interval, user_timeout) in [
            (Some(60 * second), Some(15 * second), Some(30 * second)),
            (Some(second), Some(second), None),
            (None, None, Some(second)),
        ] {
            let listener = net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let options = Options::default().keepalive(keepalive).user_timeout(user_timeout);
            set_up(&stream, &options);
            let socket = SockRef::from(&stream);
            assert_eq!(socket.keepalive().unwrap(), keepalive.is_some());
            if let (Some(silence), Some(interval)) = (keepalive, interval) {
                assert_eq!(socket.tcp_keepalive_time().unwrap(), silence);
                assert_eq!(socket.tcp_keepalive_interval().unwrap(), interval);
            }
            assert_eq!(socket.tcp_user_timeout().unwrap(), user_timeout);
            assert!(stream.nodelay().unwrap());
        }
    }
}
