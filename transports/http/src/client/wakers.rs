//! Whom to wake, if reading and writing are waited for in different places.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use futures::task::AtomicWaker;

/// The wakers of the last that waited to read and of the last that waited to write.
///
/// A request that brings messages matters to the reader and to the writer, so both are woken by
/// all there is.
#[derive(Debug)]
pub struct Wakers {
    both: Arc<Both>,
    waker: Waker,
}

impl Wakers {
    /// Makes wakers that wake nobody yet.
    pub fn new() -> Self {
        let both = Arc::new(Both::default());
        Self { waker: Arc::clone(&both).into(), both }
    }

    /// A waker for both, after the reader has changed.
    pub fn reader(&self, cx: &Context<'_>) -> Waker {
        self.both.reader.register(cx.waker());
        self.waker.clone()
    }

    /// A waker for both, after the writer has changed.
    pub fn writer(&self, cx: &Context<'_>) -> Waker {
        self.both.writer.register(cx.waker());
        self.waker.clone()
    }
}

impl Default for Wakers {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Default)]
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn reader_and_writer_are_woken_by_either() {
        let (reader, writer) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let wakers = Wakers::new();
        let waker = wakers.reader(&Context::from_waker(&reader.clone().into()));
        wakers.writer(&Context::from_waker(&writer.clone().into()));
        waker.wake();
        assert_eq!([&reader, &writer].map(|count| count.0.load(Ordering::Relaxed)), [1, 1]);
    }
}
