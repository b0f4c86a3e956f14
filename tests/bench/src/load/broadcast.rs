//! The first session publishes, all of them receive.

use std::collections::VecDeque;

use super::meter::Meter;
use super::workload::{Metered, Order, Workload};

/// Publishes again once a publication has reached everybody.
#[derive(Debug)]
pub(super) struct Broadcast {
    /// How many publications each session has received.
    received: Vec<u64>,
    /// The publications that have not reached everybody.
    pending: VecDeque<Publication>,
    /// How many publications have.
    done: u64,
    meter: Meter,
}

#[derive(Clone, Copy, Debug)]
struct Publication {
    sent: u64,
    missing: usize,
}

impl Broadcast {
    pub(super) fn new(sessions: usize) -> Self {
        let (received, pending) = (vec![0; sessions], VecDeque::new());
        Self { received, pending, done: 0, meter: Meter::new() }
    }

    /// Publishes `count` times.
    pub(super) fn publish(&mut self, count: usize, now: u64) -> Order {
        let publication = Publication { sent: now, missing: self.received.len() };
        self.pending.extend(std::iter::repeat_n(publication, count));
        Order { session: PUBLISHER, count: count as u64 }
    }

    fn deliver(&mut self, session: usize, now: u64) -> Result<(), String> {
        let index = self.received[session] - self.done;
        let publication = self.pending.get_mut(index as usize).ok_or("nobody published this")?;
        publication.missing -= 1;
        self.received[session] += 1;
        self.meter.arrived(now.saturating_sub(publication.sent));
        Ok(())
    }
}

impl Workload for Broadcast {
    fn received(&mut self, session: usize, count: u64, now: u64) -> Result<Option<Order>, String> {
        for _ in 0..count {
            self.deliver(session, now)?;
        }
        let mut complete = 0;
        while let Some(&Publication { sent, missing: 0 }) = self.pending.front() {
            self.pending.pop_front();
            self.done += 1;
            complete += 1;
            self.meter.completed(now.saturating_sub(sent));
        }
        Ok((complete > 0).then(|| self.publish(complete, now)))
    }
}

impl Metered for Broadcast {
    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }
}

const PUBLISHER: usize = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_is_published_when_all_have_the_last() {
        let mut broadcast = Broadcast::new(2);
        broadcast.meter().start();
        assert_eq!(broadcast.publish(2, 0), Order { session: 0, count: 2 });
        assert_eq!(broadcast.received(1, 2, 10), Ok(None));
        let next = Order { session: 0, count: 1 };
        assert_eq!(broadcast.received(0, 1, 20), Ok(Some(next)));
        assert_eq!(broadcast.received(1, 1, 30), Ok(None));
        assert_eq!(broadcast.received(0, 1, 30), Ok(Some(next)));
        assert_eq!(broadcast.meter().messages, 5);
    }

    #[test]
    fn what_nobody_published_is_an_error() {
        let mut broadcast = Broadcast::new(1);
        assert!(broadcast.received(0, 1, 0).is_err());
    }
}
