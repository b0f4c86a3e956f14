//! Something that happens once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};

use tokio_util::sync::CancellationToken;

/// Something that happens once, and that tasks wait for beside other things: to be polled again
/// by the same task costs next to nothing, for connections do so with each message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signal {
    token: CancellationToken,
    raised: Arc<AtomicBool>,
}

impl Signal {
    pub(crate) fn raise(&self) {
        // First, so that who is woken by the token sees it.
        self.raised.store(true, Ordering::Release);
        self.token.cancel();
    }

    /// Waits until it happens. Cancel safe.
    pub(crate) async fn raised(&self) {
        let mut cancelled = pin!(self.token.cancelled());
        let mut registered: Option<Waker> = None;
        poll_fn(|cx| {
            let is_registered = registered.as_ref().is_some_and(|it| it.will_wake(cx.waker()));
            if is_registered && !self.raised.load(Ordering::Acquire) {
                return Poll::Pending;
            }
            registered = Some(cx.waker().clone());
            cancelled.as_mut().poll(cx)
        })
        .await;
    }
}
