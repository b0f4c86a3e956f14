//! Server transports that listen by themselves, without an HTTP server.

use async_trait::async_trait;

use crate::{Admission, BoxDuplex, Error, Handshake, Reject};

/// Where connections come in: what [`Endpoint::listen`](crate::Endpoint::listen) takes.
#[async_trait]
pub trait Listener: Send + 'static {
    /// Waits for the next connection. Cancel safe.
    ///
    /// # Errors
    ///
    /// An error ends the listener. What concerns a single connection, or passes by itself such
    /// as a lack of file descriptors, is not returned here; the listener waits and goes on.
    async fn accept(&mut self) -> Result<Box<dyn Incoming>, Error>;
}

/// A connection that has not been answered yet.
///
/// The two stages run in a task of the connection's own, so that a slow handshake delays
/// nobody. The endpoint sets the deadline.
#[async_trait]
pub trait Incoming: Send + 'static {
    /// Learns what the peer wants, for example by reading a hello frame.
    ///
    /// # Errors
    ///
    /// The connection is dropped.
    async fn handshake(&mut self) -> Result<Handshake, Error>;

    /// Lets the connection in.
    ///
    /// # Errors
    ///
    /// The connection is dropped.
    async fn accept(self: Box<Self>, admission: &Admission) -> Result<BoxDuplex, Error>;

    /// Turns the connection away.
    async fn reject(self: Box<Self>, reject: Reject);
}
