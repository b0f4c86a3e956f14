//! Servers to connect to, and ways to do it.

use std::sync::{Arc, Mutex};

use plimsoll::{Close, Dialer, Endpoint, Error, HttpService, Origins, Reject, Socket};
use plimsoll_engineio::{EngineIo, EngineIoConnector, Options};
use plimsoll_http::Server;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::peer::{self, ask, within};

/// How a session travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Polling,
    /// From polling to a WebSocket, before the first message.
    Upgraded,
    /// From polling to a WebSocket, at whatever moment it happens.
    Upgrading,
    WebSocket,
}

impl Way {
    pub(crate) fn connector(self) -> EngineIoConnector {
        EngineIoConnector::new().upgrade(self != Self::Polling)
    }

    pub(crate) fn dialer(self) -> Dialer {
        Dialer::builder().transport(self.connector()).build().unwrap()
    }

    pub(crate) fn url(self, address: &str) -> String {
        let scheme = if self == Self::WebSocket { "engineio+ws" } else { "engineio+http" };
        format!("{scheme}://{address}/engine.io/")
    }
}

/// A server that echoes, and does what it is told: see `tests/clients/servers/engine.io.mjs`.
pub(crate) struct Ground {
    pub(crate) address: String,
    running: Running,
}

enum Running {
    Node(Child),
    /// In threads of its own, with which all ends.
    Own(Option<Runtime>),
}

impl Ground {
    /// Starts Node's server, or tells why that is not done.
    pub(crate) async fn node(options: &str) -> Option<Self> {
        let (child, address) = peer::start("engine.io", options).await?;
        Some(Self { address, running: Running::Node(child) })
    }

    /// Starts our own server.
    pub(crate) async fn own(options: Options) -> Self {
        Self::serve(options, |server| server).await
    }

    /// Starts our own server with a certificate.
    #[cfg(feature = "tls")]
    pub(crate) async fn own_tls(tls: plimsoll_http::Tls) -> Self {
        Self::serve(Options::default(), |server| server.tls(tls)).await
    }

    async fn serve(
        options: Options,
        finish: impl FnOnce(Server<HttpService>) -> Server<HttpService>,
    ) -> Self {
        let endpoint = Endpoint::builder()
            .plugin(Door)
            .handle(|socket| peer::obey(socket, Close::going_away()))
            .unwrap();
        let service = HttpService::builder(endpoint)
            .at("/engine.io/", EngineIo::new(options))
            .origins(Origins::same_host().or_absent())
            .build()
            .unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bound = runtime.spawn(finish(Server::new(service)).bind("127.0.0.1:0"));
        let server = bound.await.unwrap().unwrap();
        let address = server.local_addr().to_string();
        runtime.spawn(server.serve());
        Self { address, running: Running::Own(Some(runtime)) }
    }

    pub(crate) async fn kill(&mut self) {
        match &mut self.running {
            Running::Node(child) => child.kill().await.unwrap(),
            Running::Own(runtime) => runtime.take().unwrap().shutdown_background(),
        }
    }

    /// Waits until the server's process has ended by itself.
    pub(crate) async fn ended(&mut self) {
        if let Running::Node(child) = &mut self.running {
            // It would end with its standard input.
            let _input = child.stdin.take();
            assert!(within(child.wait()).await.unwrap().success());
        }
    }

    pub(crate) async fn connect(&self, way: Way) -> Socket {
        let socket = way.dialer().connect(way.url(&self.address)).await;
        let mut socket = socket.unwrap_or_else(|error| panic!("{way:?}: {error:?}"));
        if way == Way::Upgraded {
            upgraded(&mut socket).await;
        }
        socket
    }

    pub(crate) async fn refusal(&self, way: Way, path: &str) -> Error {
        let url = way.url(&self.address).replace("/engine.io/", path);
        within(way.dialer().connect(url)).await.expect_err("a refusal")
    }
}

/// Passes bytes on between a client and a server, until it is cut.
pub(crate) struct Cable {
    pub(crate) address: String,
    connections: Arc<Mutex<JoinSet<()>>>,
    _accepting: JoinSet<()>,
}

impl Cable {
    pub(crate) async fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = listener.local_addr().unwrap().to_string();
        let connections = Arc::<Mutex<JoinSet<()>>>::default();
        let (passing, far) = (Arc::clone(&connections), address.to_owned());
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut server = TcpStream::connect(&far).await.unwrap();
                passing.lock().unwrap().spawn(async move {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { address: near, connections, _accepting: accepting }
    }

    /// Ends all connections that there are.
    pub(crate) fn cut(&self) {
        self.connections.lock().unwrap().abort_all();
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Running::Own(runtime) = &mut self.running
            && let Some(runtime) = runtime.take()
        {
            runtime.shutdown_background();
        }
    }
}

/// Turns away who asks for it.
struct Door;

#[async_trait::async_trait]
impl plimsoll::Plugin for Door {
    async fn handshake(&self, handshake: &mut plimsoll::Handshake) -> Result<(), Reject> {
        match handshake.info().query("deny") {
            Some(_) => Err(Reject::new(http::StatusCode::FORBIDDEN, "not you")),
            None => Ok(()),
        }
    }
}

/// Waits until the server says that the session has moved.
pub(crate) async fn upgraded(socket: &mut Socket) {
    loop {
        match &*ask(socket, "transport").await {
            "websocket" => return,
            transport => assert_eq!(transport, "polling"),
        }
    }
}
