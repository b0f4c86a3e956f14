//! Who has woken a task.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use crate::sync::{AtomicBool, Ordering};

/// A waker of a task's own part: it wakes the task, and leaves a mark that it was this part.
#[derive(Default)]
pub(crate) struct Signal(Option<(Arc<Mark>, Waker)>);

impl Signal {
    /// The waker, which wakes the task of `cx`. One for a new task leaves a mark at once: what
    /// the part waits for still wakes the old one.
    pub(crate) fn waker(&mut self, cx: &Context<'_>) -> Waker {
        match &self.0 {
            Some((mark, waker)) if mark.task.will_wake(cx.waker()) => waker.clone(),
            _ => {
                let woken = AtomicBool::new(true);
                let mark = Arc::new(Mark { woken, task: cx.waker().clone() });
                let waker = Waker::from(Arc::clone(&mark));
                self.0 = Some((mark, waker.clone()));
                waker
            }
        }
    }

    /// Takes the mark away; returns whether there was one.
    pub(crate) fn take(&self) -> bool {
        self.0.as_ref().is_some_and(|(mark, _)| mark.woken.swap(false, Ordering::AcqRel))
    }
}

struct Mark {
    woken: AtomicBool,
    task: Waker,
}

impl Wake for Mark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.swap(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}
