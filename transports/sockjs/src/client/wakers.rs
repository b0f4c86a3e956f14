//! Whom to wake, if reading and writing are waited for in different places.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use futures::task::AtomicWaker;

/// The wakers of the last that waited to read and of the last that waited to write.
///
/// A request that brings packets matters to the reader and to the writer, so both are woken by
/// all there is.
pub(super) struct Wakers {
    both: Arc<Both>,
    waker: Waker,
}

impl Wakers {
    pub(super) fn new() -> Self {
        let both = Arc::new(Both::default());
        Self { waker: Arc::clone(&both).into(), both }
    }

    /// A waker for both, after the reader has changed.
    pub(super) fn reader(&self, cx: &Context<'_>) -> Waker {
        self.both.reader.register(cx.waker());
        self.waker.clone()
    }

    /// A waker for both, after the writer has changed.
    pub(super) fn writer(&self, cx: &Context<'_>) -> Waker {
        self.both.writer.register(cx.waker());
        self.waker.clone()
    }
}

#[derive(Default)]
struct Both {
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reader.wake();
        self.writer.wake();
    }
}
