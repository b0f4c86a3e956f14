use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use futures::future::poll_fn;
use http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;

use super::{CountPanics, Endpoint, Inner};
use crate::together::together;
use crate::{
    BoxDuplex, Close, CloseCode, Duplex, Error, ErrorKind, Handshake, Info, Sender, Socket, closing,
};

/// Proof that a connection was let in, and the only way to start one. Holds a place among the
/// endpoint's connections.
pub struct Admission {
    endpoint: Endpoint,
    info: Info,
    response_headers: HeaderMap,
    permit: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(
        endpoint: Endpoint,
        handshake: Handshake,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let (info, response_headers) = handshake.into_parts();
        Self { endpoint, info, response_headers, permit }
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Headers that plugins want in the response.
    pub fn response_headers(&self) -> &HeaderMap {
        &self.response_headers
    }

    /// Runs the handler on the established connection, until both have ended. Dropping the
    /// future drops the connection.
    pub async fn run(self, io: impl Duplex) {
        let Self { endpoint: Endpoint { inner, handler }, info, permit, response_headers } = self;
        drop(response_headers);
        let _count = CountPanics(&inner.panics);
        let Some((io, info)) = establish(&inner, Box::new(io), info).await else {
            return;
        };
        let (socket, driver) = Socket::new(io, info, inner.options.socket);
        let peer = socket.sender().clone();
        let session = Session::open(Arc::clone(&inner), peer.clone(), permit);
        let driver = async {
            driver.run().await;
            poll_fn(|cx| peer.shared.poll_released(cx)).await;
        };
        let handler = async {
            // The handler may panic before it gives a future, too.
            let handled = AssertUnwindSafe(async { handler(socket).await }).catch_unwind().await;
            if handled.is_err() {
                session.endpoint.panics.fetch_add(1, Ordering::Relaxed);
                peer.abort(Close::new(CloseCode::INTERNAL, "the handler panicked"));
            }
            peer.shared.set_handler_done();
        };
        together(driver, handler).await;
        drop(session);
    }

    /// Like [`run`](Self::run), in a task of its own, once `io` is there; `None`, or taking
    /// longer than the endpoint's `handshake_timeout`, gives the connection up. The endpoint
    /// owns the task: it ends at the latest when a [shutdown](Endpoint::shutdown) does.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn spawn<D: Duplex>(self, io: impl Future<Output = Option<D>> + Send + 'static) {
        tokio::spawn(async move {
            if let Some(Some(io)) = self.endpoint.inner.step(io).await {
                self.run(io).await;
            }
        });
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Puts the plugins on a connection. Tells the peer why if one of them refuses.
async fn establish(
    endpoint: &Inner,
    mut io: BoxDuplex,
    mut info: Info,
) -> Option<(BoxDuplex, Info)> {
    let within = async {
        for plugin in &endpoint.plugins {
            io = plugin.wrap(std::mem::take(&mut io), &mut info);
            plugin.establish(&mut io, &mut info).await?;
        }
        Ok(())
    };
    let established = match endpoint.step(within).await {
        Some(established) => established,
        None if *endpoint.killed.borrow() => return None,
        None => Err(Error::with_message(ErrorKind::Policy, "the handshake took too long")),
    };
    match established {
        Ok(()) => Some((io, info)),
        Err(error) => {
            let limit = endpoint.options.socket.close_timeout;
            endpoint.step(closing::tell(io, &error, limit)).await;
            None
        }
    }
}

/// An entry in the endpoint's list, taken out again when the connection ends in any way.
struct Session {
    endpoint: Arc<Inner>,
    peer: Sender,
    _permit: OwnedSemaphorePermit,
}

impl Session {
    fn open(endpoint: Arc<Inner>, peer: Sender, permit: OwnedSemaphorePermit) -> Self {
        endpoint.registry.insert(peer.clone());
        let session = Self { endpoint, peer, _permit: permit };
        let Self { endpoint, peer, .. } = &session;
        if let Some(shutdown) = &*endpoint.closing.borrow() {
            peer.close(shutdown.close_for_one()); // it began after the handshake
        }
        if *endpoint.killed.borrow() {
            peer.shared.kill();
        }
        for plugin in &endpoint.plugins {
            if endpoint.hook(|| plugin.opened(peer)).is_err() {
                peer.abort(Close::new(CloseCode::INTERNAL, "a plugin panicked"));
            }
        }
        session
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Self { endpoint, peer, .. } = self;
        let info = peer.info();
        endpoint.registry.remove(info.id());
        let close = peer.close_reason().unwrap_or_else(Close::going_away);
        for plugin in endpoint.plugins.iter().rev() {
            let _ = endpoint.hook(|| plugin.closed(info, &close));
        }
    }
}
