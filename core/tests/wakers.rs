//! The wakers of a connection's task, in every order in which threads can meet at them.
//!
//! The modules are compiled once more here, on top of loom's atomics. A wake-up that is lost is a
//! deadlock to loom.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};

use loom::future::block_on;
use loom::thread;

use self::signal::Signal;
use self::sync::{AtomicBool, AtomicWaker, Ordering};
use self::together::together;

#[path = "../src/signal.rs"]
mod signal;
#[path = "../src/together.rs"]
mod together;

#[test]
fn a_wake_of_either_future_is_not_lost() {
    model(|| {
        let (driver, handler) = (Event::new(), Event::new());
        let setting = thread::spawn({
            let (driver, handler) = (Arc::clone(&driver), Arc::clone(&handler));
            move || {
                handler.set();
                driver.set();
            }
        });
        let (mut first, mut second) = (false, false);
        block_on(together(
            async {
                driver.wait().await;
                first = true;
            },
            async {
                handler.wait().await;
                second = true;
            },
        ));
        assert!(first);
        setting.join().unwrap();
    });
}

#[test]
fn wakes_of_two_threads_are_not_lost() {
    model(|| {
        let (one, other) = (Event::new(), Event::new());
        let setting = [&one, &other].map(|event| {
            let event = Arc::clone(event);
            thread::spawn(move || event.set())
        });
        let handled = Event::new();
        block_on(together(
            async {
                one.wait().await;
                handled.wait().await;
            },
            async {
                other.wait().await;
                handled.set();
            },
        ));
        setting.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_signal_tells_of_every_wake_of_its_part() {
    model(|| {
        let (part, other) = (Event::new(), Event::new());
        let setting = [&part, &other].map(|event| {
            let event = Arc::clone(event);
            thread::spawn(move || event.set())
        });
        let mut signal = Signal::default();
        let (mut part_is_set, mut other_is_set) = (false, false);
        block_on(poll_fn(|cx| {
            other.register(cx.waker());
            other_is_set |= other.is_set();
            // Only clones of loom's waker know each other.
            let task = cx.waker().clone();
            let waker = signal.waker(&Context::from_waker(&task));
            // Looked at only if the signal says so, as the driver does with its connection.
            if signal.take() {
                part.register(&waker);
                part_is_set |= part.is_set();
            }
            if part_is_set && other_is_set { Poll::Ready(()) } else { Poll::Pending }
        }));
        setting.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// Runs `test` in every order of its threads with at most two preemptions. More take minutes, and
/// find no more in practice.
fn model(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(test);
}

const PREEMPTIONS: usize = 2;

/// What a future waits for.
#[derive(Default)]
struct Event {
    set: AtomicBool,
    waker: AtomicWaker,
}

impl Event {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    fn set(&self) {
        self.set.store(true, Ordering::Release);
        self.waker.wake();
    }

    fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    fn wait(&self) -> impl Future<Output = ()> {
        poll_fn(|cx| {
            self.register(cx.waker());
            if self.is_set() { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

/// The crate's module of this name, made of what loom controls.
mod sync {
    use std::task::Waker;

    use loom::sync::Mutex;
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};

    /// Keeps one waker.
    #[derive(Default)]
    pub(crate) struct AtomicWaker(Mutex<Option<Waker>>);

    impl AtomicWaker {
        pub(crate) fn register(&self, waker: &Waker) {
            *self.0.lock().unwrap() = Some(waker.clone());
        }

        pub(crate) fn wake(&self) {
            let waker = self.0.lock().unwrap().take();
            waker.into_iter().for_each(Waker::wake);
        }
    }
}
