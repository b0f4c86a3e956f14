//! Servers over each kind of socket, and a dialer for all of them.

use plimsoll::{Connector, Dialer, DialerBuilder, Endpoint, Listener, Socket};
#[cfg(unix)]
use plimsoll_tcp::Unix;
use plimsoll_tcp::{Options, Tcp};

#[cfg(feature = "tls")]
use crate::tls::{client_tls, server_tls};

/// Runs until the test ends.
pub(crate) struct Server {
    pub(crate) url: String,
    #[cfg(unix)]
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    /// One over each kind of socket.
    pub(crate) async fn each(endpoint: &Endpoint) -> Vec<Self> {
        vec![
            Self::tcp(endpoint, Options::default()).await,
            #[cfg(unix)]
            Self::unix(endpoint),
            #[cfg(feature = "tls")]
            Self::tls(endpoint).await,
        ]
    }

    pub(crate) async fn tcp(endpoint: &Endpoint, options: Options) -> Self {
        let listener = Tcp::new().options(options).bind("127.0.0.1:0").await.unwrap();
        let url = format!("tcp://{}", listener.local_addr().unwrap());
        Self::start(url, endpoint, listener)
    }

    #[cfg(unix)]
    pub(crate) fn unix(endpoint: &Endpoint) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.sock");
        let listener = Unix::new().bind(&path).unwrap();
        let server = Self::start(format!("unix:{}", path.display()), endpoint, listener);
        Self { _folder: Some(folder), ..server }
    }

    #[cfg(feature = "tls")]
    pub(crate) async fn tls(endpoint: &Endpoint) -> Self {
        let listener = Tcp::new().tls(server_tls()).bind("127.0.0.1:0").await.unwrap();
        let url = format!("tls://localhost:{}", listener.local_addr().unwrap().port());
        Self::start(url, endpoint, listener)
    }

    /// The host and port.
    pub(crate) fn addr(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// A URL for a path, which is `/` where the path is that of the socket, and a query.
    pub(crate) fn url_of(&self, path: &str, query: &str) -> String {
        let path = if self.url.starts_with("unix:") { "" } else { path };
        format!("{}{path}?{query}", self.url)
    }

    fn start(url: String, endpoint: &Endpoint, listener: impl Listener) -> Self {
        let endpoint = endpoint.clone();
        tokio::spawn(async move { endpoint.listen(listener).await.unwrap() });
        Self {
            url,
            #[cfg(unix)]
            _folder: None,
        }
    }
}

pub(crate) async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// Knows the servers of all kinds.
pub(crate) fn dialer() -> Dialer {
    dialer_with(Options::default()).build().unwrap()
}

pub(crate) fn dialer_with(options: Options) -> DialerBuilder {
    let dialer = Dialer::builder().transport(tcp_connector(options));
    #[cfg(unix)]
    let dialer = dialer.transport(Unix::connector().options(options));
    dialer
}

fn tcp_connector(options: Options) -> impl Connector {
    let connector = Tcp::connector().options(options);
    #[cfg(feature = "tls")]
    let connector = connector.tls(client_tls());
    connector
}
