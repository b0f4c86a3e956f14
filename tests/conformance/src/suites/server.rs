//! What the servers for suites have in common.

use std::pin::pin;
use std::time::Duration;

use clap::Args;
use plimsoll::{Endpoint, Error, HttpService, HttpServiceBuilder, Origins, Shutdown, Socket};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Where a server listens.
#[derive(Args, Debug)]
pub(crate) struct Listen {
    /// The port on 127.0.0.1; 0 is a free one.
    #[arg(long)]
    port: u16,
}

impl Listen {
    /// Serves `endpoint` until SIGTERM comes. `routes` adds the transports.
    pub(crate) async fn serve(
        self,
        endpoint: Endpoint,
        routes: impl FnOnce(HttpServiceBuilder) -> HttpServiceBuilder,
    ) -> Result<(), Error> {
        let builder = HttpService::builder(endpoint.clone()).origins(Origins::any());
        let service = routes(builder).build()?;
        let mut terminate = signal(SignalKind::terminate())?;
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
        let server = plimsoll_http::Server::new(service).listen(listener)?;
        println!("listening on {}", server.local_addr());
        let handle = server.handle();
        let mut serving = pin!(server.serve());
        // Clients that poll need the HTTP server to learn of the shutdown.
        tokio::select! {
            served = &mut serving => return served,
            () = async {
                terminate.recv().await;
                endpoint.shutdown(Shutdown::default().grace(GRACE)).await;
            } => {}
        }
        handle.shutdown(GRACE);
        serving.await
    }
}

/// Sends each message back.
pub(crate) async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// How long the peers have to close in order.
const GRACE: Duration = Duration::from_secs(1);
