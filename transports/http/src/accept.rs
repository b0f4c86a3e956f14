//! Taking connections.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use plimsoll::{Body, BoxError, Error};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout_at};
use tower_service::Service;

use crate::connection::Connection;
use crate::handle::Handle;
use crate::server::Server;
use crate::tasks::Tasks;

/// A server that has its address: connections wait until it is [served](Self::serve).
#[must_use = "connections wait until the server is served"]
pub struct BoundServer<S> {
    server: Server<S>,
    listener: TcpListener,
    local_addr: SocketAddr,
    handle: Handle,
}

impl<S> BoundServer<S> {
    /// The address at which the server listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// A handle, to end the server from elsewhere.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl<S, B> BoundServer<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    pub(crate) fn new(server: Server<S>, listener: TcpListener) -> Result<Self, Error> {
        let local_addr = listener.local_addr()?;
        Ok(Self { server, listener, local_addr, handle: Handle::default() })
    }

    /// Serves until a [`Handle`] ends the server.
    ///
    /// Dropping the future ends the server at once, with all connections that speak HTTP.
    /// Failures to accept a connection, for example for want of file descriptors, do not end
    /// it: it waits for a moment and goes on.
    ///
    /// # Errors
    ///
    /// None at present: whatever concerns one connection ends that connection only.
    pub async fn serve(self) -> Result<(), Error> {
        let Self { server, listener, handle, .. } = self;
        let tasks = Tasks::new(handle.clone());
        let slots = Arc::new(Semaphore::new(server.options.max_connections));
        let connection = Connection::new(server, handle.clone(), tasks.spawner().clone());
        let accepting = async {
            loop {
                // Before the connection is accepted: those beyond the limit wait in the kernel.
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
                let (stream, peer) = accept(&listener).await;
                spawn(&tasks, &connection, stream, peer, slot);
            }
        };
        tokio::select! {
            () = handle.begun() => {}
            () = accepting => {}
        }
        drop(listener);
        drop(connection);
        let _ = timeout_at(handle.deadline(), tasks.finished()).await;
        Ok(())
    }
}

fn spawn<S, B>(
    tasks: &Tasks,
    connection: &Connection<S>,
    stream: TcpStream,
    peer: SocketAddr,
    slot: OwnedSemaphorePermit,
) where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let connection = connection.clone();
    tasks.spawner().spawn(async move {
        connection.serve(stream, peer).await;
        drop(slot);
    });
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if concerns_one_connection(&error) => {}
            // No file descriptors or no memory: others have to give some back first.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl<S> fmt::Debug for BoundServer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundServer").field("local_addr", &self.local_addr).finish_non_exhaustive()
    }
}

/// How long to wait after a failure to accept that the next attempt would meet again.
const PAUSE: Duration = Duration::from_millis(100);
