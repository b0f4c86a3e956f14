//! Whom to wake, if reading and writing are waited for in different places.

use std::sync::Arc;
use std::task::{Wake, Waker};

/// The wakers of the last that waited to read and of the last that waited to write; mostly the
/// same task, and then nothing but that.
#[derive(Debug)]
pub(crate) struct Wakers {
    reader: Option<Waker>,
    writer: Option<Waker>,
    all: Waker,
}

impl Wakers {
    pub(crate) fn set_reader(&mut self, waker: &Waker) {
        if self.reader.as_ref().is_none_or(|reader| !reader.will_wake(waker)) {
            self.reader = Some(waker.clone());
            self.join();
        }
    }

    pub(crate) fn set_writer(&mut self, waker: &Waker) {
        if self.writer.as_ref().is_none_or(|writer| !writer.will_wake(waker)) {
            self.writer = Some(waker.clone());
            self.join();
        }
    }

    /// Wakes both.
    pub(crate) fn all(&self) -> &Waker {
        &self.all
    }

    fn join(&mut self) {
        self.all = match (&self.reader, &self.writer) {
            (Some(reader), Some(writer)) if !reader.will_wake(writer) => {
                Arc::new(Both(reader.clone(), writer.clone())).into()
            }
            (Some(waker), _) | (None, Some(waker)) => waker.clone(),
            (None, None) => Waker::noop().clone(),
        };
    }
}

impl Default for Wakers {
    fn default() -> Self {
        Self { reader: None, writer: None, all: Waker::noop().clone() }
    }
}

struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
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
    fn both_are_woken_and_one_only_once() {
        let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
        let [reader, writer] = [Waker::from(counts[0].clone()), Waker::from(counts[1].clone())];
        let counted = || [0, 1].map(|index| counts[index].0.load(Ordering::Relaxed));
        let mut wakers = Wakers::default();
        wakers.all().wake_by_ref();
        wakers.set_writer(&writer);
        wakers.all().wake_by_ref();
        assert_eq!(counted(), [0, 1]);
        wakers.set_reader(&reader);
        wakers.all().wake_by_ref();
        assert_eq!(counted(), [1, 2]);
        wakers.set_writer(&reader);
        wakers.all().wake_by_ref();
        assert_eq!(counted(), [2, 2]);
    }
}
