//! Unix sockets.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use async_trait::async_trait;
use http::{Extensions, Uri};
use plimsoll::{Connected, Connector, Dial, Error, Incoming, Listener, PeerAddr};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{self, UnixStream};

use crate::server::{self, Caller};
use crate::{Options, client};

/// The transport over Unix sockets. A server starts with [`Unix::new`], a client with
/// [`Unix::connector`].
///
/// Who may connect is a matter of the permissions of the socket's folder; who has connected is
/// in the [`UnixPeer`] of the connection's [`Info`](plimsoll::Info).
#[derive(Clone, Copy, Debug, Default)]
pub struct Unix {
    options: Options,
}

impl Unix {
    /// Makes a server with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes connections to `unix:/path/to.sock?query`. The path is taken as it is, up to a `?`
    /// or `#`; the server sees the query, and `/` as the path.
    pub fn connector() -> UnixConnector {
        UnixConnector::default()
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Listens at a path. A socket that nobody listens at any more is replaced. Dropping the
    /// listener removes its socket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if an option cannot work,
    /// [`ErrorKind::Io`](plimsoll::ErrorKind::Io) if the path cannot be had: somebody listens
    /// there, or it is not a socket.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn bind(self, path: impl Into<PathBuf>) -> Result<UnixListener, Error> {
        self.options.check()?;
        let path = path.into();
        let bound = match net::UnixListener::bind(&path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(&path) => {
                fs::remove_file(&path)?;
                net::UnixListener::bind(&path)
            }
            bound => bound,
        };
        let listener = bound?;
        let file = SocketFile { id: file_id(&path)?, path };
        Ok(UnixListener { listener, file, options: self.options })
    }
}

/// Takes connections over a Unix socket: see [`Unix::bind`].
///
/// A lack of file descriptors or of memory does not end it: it waits for a moment and goes on.
pub struct UnixListener {
    listener: net::UnixListener,
    file: SocketFile,
    options: Options,
}

impl UnixListener {
    /// The path at which it listens.
    pub fn path(&self) -> &Path {
        &self.file.path
    }
}

#[async_trait]
impl Listener for UnixListener {
    async fn accept(&mut self) -> Result<Box<dyn Incoming>, Error> {
        let stream = loop {
            match self.listener.accept().await {
                Ok((stream, _)) => break stream,
                Err(error) => server::after_failure(error).await?,
            }
        };
        let mut extensions = Extensions::new();
        let address = match UnixPeer::of(&stream) {
            Some(peer) => {
                extensions.insert(peer);
                PeerAddr::Other(peer.to_string())
            }
            None => PeerAddr::Other(NAME.into()),
        };
        let peer = server::Peer { transport: NAME, address, extensions };
        Ok(Box::new(Caller::new(stream, peer, self.options)))
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixListener").field("path", &self.file.path).finish_non_exhaustive()
    }
}

/// Makes connections over Unix sockets: see [`Unix::connector`].
#[derive(Clone, Copy, Debug, Default)]
pub struct UnixConnector {
    options: Options,
}

impl UnixConnector {
    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}

#[async_trait]
impl Connector for UnixConnector {
    fn schemes(&self) -> &[&'static str] {
        &["unix"]
    }

    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let invalid = || Error::config("url", "must be like unix:/path/to.sock?query");
        let url = dial.after_scheme().split('#').next().unwrap_or_default();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        if path.is_empty() {
            return Err(invalid());
        }
        let mark = if query.is_empty() { "" } else { "?" };
        let uri: Uri = format!("/{mark}{query}").parse().map_err(|_| invalid())?;
        let address = PeerAddr::Other(path.into());
        let stream = UnixStream::connect(path).await?;
        client::open(stream, dial, client::Peer { transport: NAME, address, uri }, self.options)
            .await
    }
}

/// The process at the other end of a Unix socket, as it was when it connected: a server finds
/// it by [`Info::get`](plimsoll::Info::get).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UnixPeer {
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its process, where the system tells.
    pub pid: Option<i32>,
}

impl UnixPeer {
    fn of(stream: &UnixStream) -> Option<Self> {
        let peer = stream.peer_cred().ok()?;
        Some(Self { uid: peer.uid(), gid: peer.gid(), pid: peer.pid() })
    }
}

impl fmt::Display for UnixPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unix, user {}", self.uid)?;
        self.pid.map_or(Ok(()), |pid| write!(f, ", process {pid}"))
    }
}

/// Removes a socket when it is dropped, unless another one has taken its place.
struct SocketFile {
    path: PathBuf,
    id: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if file_id(&self.path).is_ok_and(|id| id == self.id) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the path is a socket at which nobody listens.
fn is_stale(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    is_socket && knock(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Connects, but waits for nobody: a listener may be there and busy.
fn knock(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

/// What tells a file from another one that takes its place.
fn file_id(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

const NAME: &str = "unix";
