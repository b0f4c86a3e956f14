//! Each session keeps a number of messages on the way and gets back its own.

use std::collections::VecDeque;

use super::meter::Meter;
use super::workload::{Metered, Order, Workload};

/// Answers each echo with the next message.
#[derive(Debug)]
pub(super) struct Echo {
    /// When the messages on the way were sent, for each session.
    sent: Vec<VecDeque<u64>>,
    in_flight: usize,
    meter: Meter,
}

impl Echo {
    pub(super) fn new(sessions: usize, in_flight: usize) -> Self {
        let sent = vec![VecDeque::with_capacity(in_flight); sessions];
        Self { sent, in_flight, meter: Meter::new() }
    }

    /// The first messages of `session`.
    pub(super) fn start(&mut self, session: usize, now: u64) -> Order {
        self.sent[session].extend(std::iter::repeat_n(now, self.in_flight));
        Order { session, count: self.in_flight as u64 }
    }
}

impl Workload for Echo {
    fn received(&mut self, session: usize, count: u64, now: u64) -> Result<Option<Order>, String> {
        let sent = &mut self.sent[session];
        for _ in 0..count {
            let at = sent.pop_front().ok_or("more echoes than messages")?;
            self.meter.arrived(now.saturating_sub(at));
        }
        sent.extend(std::iter::repeat_n(now, count as usize));
        Ok(Some(Order { session, count }))
    }
}

impl Metered for Echo {
    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_echo_is_answered() {
        let mut echo = Echo::new(2, 3);
        echo.meter().start();
        assert_eq!(echo.start(1, 0), Order { session: 1, count: 3 });
        assert_eq!(echo.received(1, 2, 5_000), Ok(Some(Order { session: 1, count: 2 })));
        assert_eq!(echo.meter().messages, 2);
        assert_eq!(echo.meter().latency.max(), 5.0);
    }

    #[test]
    fn an_echo_too_many_is_an_error() {
        let mut echo = Echo::new(1, 1);
        assert!(echo.received(0, 1, 0).is_err());
    }
}
