use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Something with a waker of its own, which is polled only if it was woken.
pub(super) struct Task<T> {
    inner: T,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<T> Task<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    pub(super) fn wake(&self) {
        self.woken.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn poll<O>(
        &mut self,
        poll: impl FnOnce(&mut T, &mut Context<'_>) -> O,
    ) -> Option<O> {
        self.woken.0.swap(false, Ordering::Relaxed).then(|| self.force(poll))
    }

    pub(super) fn force<O>(&mut self, poll: impl FnOnce(&mut T, &mut Context<'_>) -> O) -> O {
        let waker = Waker::from(Arc::clone(&self.woken));
        poll(&mut self.inner, &mut Context::from_waker(&waker))
    }
}

/// The output of a future that waits for nothing.
pub(super) fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits");
    };
    output
}
