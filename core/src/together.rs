//! Two futures in one task that wake each other without the scheduler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use pin_project::pin_project;
use tokio::task::coop::has_budget_remaining;

use crate::sync::{AtomicBool, AtomicWaker, Ordering};

/// Runs both futures until `first` is done; `second` may be done before.
///
/// Unlike `join!`, a future that wakes the other does not send the task through the scheduler:
/// the other is polled at once. A connection's driver and handler do so for every message.
pub(crate) fn together<A: Future, B: Future>(first: A, second: B) -> Together<A, B> {
    let task = Arc::new(Task::default());
    let flag = || Arc::new(Flag { woken: AtomicBool::new(true), task: Arc::clone(&task) });
    let turns = [flag(), flag()].map(|flag| Turn { waker: Waker::from(Arc::clone(&flag)), flag });
    Together { first, second, turns, task, second_done: false }
}

#[pin_project]
pub(crate) struct Together<A, B> {
    #[pin]
    first: A,
    #[pin]
    second: B,
    turns: [Turn; 2],
    task: Arc<Task>,
    second_done: bool,
}

impl<A: Future, B: Future> Future for Together<A, B> {
    type Output = A::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<A::Output> {
        let mut this = self.project();
        let [first, second] = this.turns;
        this.task.waker.register(cx.waker());
        this.task.in_poll.store(true, Ordering::Release);
        for _ in 0..ROUNDS {
            let mut idle = true;
            if first.flag.take() {
                idle = false;
                let mut cx = Context::from_waker(&first.waker);
                if let Poll::Ready(output) = this.first.as_mut().poll(&mut cx) {
                    return Poll::Ready(output);
                }
            }
            if !*this.second_done && second.flag.take() {
                idle = false;
                let mut cx = Context::from_waker(&second.waker);
                *this.second_done = this.second.as_mut().poll(&mut cx).is_ready();
            }
            // Without a budget, what is polled only wakes itself.
            if idle || !has_budget_remaining() {
                break;
            }
        }
        this.task.in_poll.store(false, Ordering::Release);
        // Woken after its turn: by another thread, or too often in one go.
        if first.flag.is_woken() || (!*this.second_done && second.flag.is_woken()) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

struct Turn {
    flag: Arc<Flag>,
    waker: Waker,
}

/// What the wakers of both futures know of the task that polls them.
#[derive(Default)]
struct Task {
    waker: AtomicWaker,
    /// The task is in `poll`, and looks at the flags before it leaves.
    in_poll: AtomicBool,
}

struct Flag {
    woken: AtomicBool,
    task: Arc<Task>,
}

impl Flag {
    fn take(&self) -> bool {
        self.woken.load(Ordering::Relaxed) && self.woken.swap(false, Ordering::AcqRel)
    }

    /// Either this sees a wake, or the wake sees what was stored before: both write.
    fn is_woken(&self) -> bool {
        self.woken.compare_exchange(false, false, Ordering::AcqRel, Ordering::Acquire).is_err()
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.swap(true, Ordering::AcqRel);
        if !self.task.in_poll.load(Ordering::Acquire) {
            self.task.waker.wake();
        }
    }
}

/// How often the futures may wake each other before other tasks get a turn.
const ROUNDS: usize = 32;
