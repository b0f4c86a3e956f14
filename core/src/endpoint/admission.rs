use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use futures::future::OptionFuture;
use http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;

use super::{CountPanics, Endpoint, Inner, Plugins};
use crate::together::together;
use crate::{
    BoxDuplex, Close, CloseCode, Duplex, Error, ErrorKind, Handshake, Info, Reject, Sender, Socket,
    closing,
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

    /// Turns the connection away after all, for example for want of room in the transport: the
    /// plugins learn of it by [`Plugin::refused`](crate::Plugin::refused). Gives `reject` back,
    /// for the answer.
    pub fn refuse(self, reject: Reject) -> Reject {
        self.endpoint.refused(&self.info, &reject);
        reject
    }

    /// Runs the handler on the established connection, until both have ended. Dropping the
    /// future drops the connection.
    pub fn run(self, io: impl Duplex) -> impl Future<Output = ()> + Send {
        opened_then_run(self.open(Box::new(io)))
    }

    /// Like [`run`](Self::run), in a task of its own, once `io` is there; `None`, or taking
    /// longer than the endpoint's `handshake_timeout`, gives the connection up. The endpoint
    /// owns the task: it ends at the latest when a [shutdown](Endpoint::shutdown) does.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn spawn<D: Duplex>(self, io: impl Future<Output = Option<D>> + Send + 'static) {
        tokio::spawn(opened_then_run(async move {
            let io = self.endpoint.inner.step(io).await??;
            self.open(Box::new(io)).await
        }));
    }

    /// Establishes the connection; returns what runs its driver and its handler.
    pub(super) async fn open(self, io: BoxDuplex) -> Option<impl Future<Output = ()> + Send> {
        let Self { endpoint, info, permit, response_headers } = self;
        drop(response_headers);
        let _count = CountPanics(&endpoint.inner.panics);
        let (io, info) = establish(&endpoint, io, info).await?;
        let Endpoint { inner, plugins, handler } = &endpoint;
        let (socket, driver) = Socket::new(io, info, inner.options.socket);
        let peer = socket.sender().clone();
        let session = Session::open(Arc::clone(inner), Arc::clone(plugins), peer.clone(), permit);

        let shared = Arc::clone(&peer.shared);
        let driver = driver.then(move |()| poll_fn(move |cx| shared.poll_released(cx)));
        // The handler may panic before it gives a future, too.
        let handling = catch_unwind(AssertUnwindSafe(|| handler(socket))).ok();
        let handling = handling.map(|handling| AssertUnwindSafe(handling).catch_unwind());
        let inner = Arc::clone(inner);
        let handler = OptionFuture::from(handling).map(move |handled| {
            if !matches!(handled, Some(Ok(()))) {
                inner.panics.fetch_add(1, Ordering::Relaxed);
                peer.abort(Close::new(CloseCode::INTERNAL, "the handler panicked"));
            }
            peer.shared.set_handler_done();
        });
        Some(together(driver, handler).map(move |()| drop(session)))
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Runs what `opening` gives. What the opening needs is in a box of its own, which is gone by
/// then: most connections are idle most of the time, and their tasks should be small.
pub(super) fn opened_then_run<F: Future<Output = ()> + Send>(
    opening: impl Future<Output = Option<F>> + Send,
) -> impl Future<Output = ()> + Send {
    Box::pin(opening).map(OptionFuture::from).flatten().map(drop)
}

/// Puts the plugins on a connection. Tells the peer why if one of them refuses.
async fn establish(
    endpoint: &Endpoint,
    mut io: BoxDuplex,
    mut info: Info,
) -> Option<(BoxDuplex, Info)> {
    let within = async {
        for plugin in &*endpoint.plugins {
            io = plugin.wrap(std::mem::take(&mut io), &mut info);
            plugin.establish(&mut io, &mut info).await?;
        }
        Ok(())
    };
    let inner = &endpoint.inner;
    let established = match inner.step(within).await {
        Some(established) => established,
        None if *inner.killed.borrow() => return None,
        None => Err(Error::with_message(ErrorKind::Policy, "the handshake took too long")),
    };
    match established {
        Ok(()) => Some((io, info)),
        Err(error) => {
            if let Some(reject) = error.reject() {
                endpoint.refused(&info, reject);
            }
            let limit = inner.options.socket.close_timeout;
            inner.step(closing::tell(io, &error, limit)).await;
            None
        }
    }
}

/// An entry in the endpoint's list, taken out again when the connection ends in any way.
struct Session {
    endpoint: Arc<Inner>,
    plugins: Plugins,
    peer: Sender,
    _permit: OwnedSemaphorePermit,
}

impl Session {
    fn open(
        endpoint: Arc<Inner>,
        plugins: Plugins,
        peer: Sender,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        endpoint.registry.insert(peer.clone());
        let session = Self { endpoint, plugins, peer, _permit: permit };
        let Self { endpoint, plugins, peer, .. } = &session;
        if let Some(shutdown) = &*endpoint.closing.borrow() {
            peer.close(shutdown.close_for_one()); // it began after the handshake
        }
        if *endpoint.killed.borrow() {
            peer.shared.kill();
        }
        for plugin in &**plugins {
            if endpoint.hook(|| plugin.opened(peer)).is_err() {
                peer.abort(Close::new(CloseCode::INTERNAL, "a plugin panicked"));
            }
        }
        session
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Self { endpoint, plugins, peer, .. } = self;
        let _count = CountPanics(&endpoint.panics);
        let info = peer.info();
        endpoint.registry.remove(info.id());
        let close = peer.close_reason().unwrap_or_else(Close::going_away);
        for plugin in plugins.iter().rev() {
            let _ = endpoint.hook(|| plugin.closed(info, &close));
        }
    }
}
