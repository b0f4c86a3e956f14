//! A reader that stalls holds its writer back.

use std::time::Duration;

use plimsoll::{Close, CloseCode, Message};
use tokio::time::timeout;

use crate::kit::bench::{Bench, cases};
use crate::kit::end::End;
use crate::kit::failure::Failure;
use crate::kit::message::Row;
use crate::kit::together::together;

cases![
    a_stalled_reader_holds_its_writer_back,
    what_is_not_flushed_is_bounded_too,
    empty_messages_are_bounded_too,
    a_reader_takes_nothing_ahead_without_bound,
    a_writer_that_waits_is_woken,
    a_stalled_direction_does_not_stall_the_other,
    a_close_waits_its_turn_behind_a_stalled_reader,
    a_drop_ends_a_writer_that_waits,
];

async fn a_stalled_reader_holds_its_writer_back(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, _to| Filling::new(bench).fill(&mut from, Flushes::Always).await)
        .await
}

async fn what_is_not_flushed_is_bounded_too(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, _to| Filling::new(bench).fill(&mut from, Flushes::Never).await)
        .await
}

/// Each counts 4 bytes: a bound on payloads alone is none.
async fn empty_messages_are_bounded_too(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, _to| {
            let empty = |_| Message::from("");
            Filling::new(bench).fill_with(&mut from, Flushes::Never, empty).await
        })
        .await
}

/// The reader takes a message each time when there is no more room. What fits between the two
/// must not grow by that.
async fn a_reader_takes_nothing_ahead_without_bound(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            let mut filling = Filling::new(bench);
            for _ in 0..ROUNDS {
                filling.fill(&mut from, Flushes::Always).await?;
                filling.drain_one(&mut to).await?;
            }
            Ok(())
        })
        .await
}

async fn a_writer_that_waits_is_woken(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            let mut filling = Filling::new(bench);
            filling.fill(&mut from, Flushes::Always).await?;
            let row = filling.row;
            let count = filling.taken;
            let writer = async move {
                for number in count..count + 20 {
                    from.put(row.message(number)).await?;
                }
                from.flush().await.map(|()| from)
            };
            let reader = async move {
                let all = Row { count: count + 20, ..row };
                to.expect_row(all).await.map(|()| to)
            };
            together(writer, reader).await?;
            Ok(())
        })
        .await
}

async fn a_stalled_direction_does_not_stall_the_other(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            Filling::new(bench).fill(&mut from, Flushes::Always).await?;
            let back = Row { count: 200, sizes: &[10, 1000], limit: bench.kit.max_message };
            let writer = async move { to.send_row(back).await.map(|()| to) };
            let reader = async move { from.expect_row(back).await.map(|()| from) };
            together(writer, reader).await?;
            Ok(())
        })
        .await
}

async fn a_close_waits_its_turn_behind_a_stalled_reader(bench: &Bench<'_>) -> Result<(), Failure> {
    let close = Close::new(CloseCode::GOING_AWAY, "enough");
    bench
        .each_way(async |mut from, mut to| {
            let mut filling = Filling::new(bench);
            filling.fill(&mut from, Flushes::Always).await?;
            let row = Row { count: filling.taken, ..filling.row };
            let (close, expected) = (close.clone(), close.clone());
            let closer = async move {
                let ending = from.close(close.clone()).await?;
                ending.expect_answer(&from, &close)
            };
            let reader = async move {
                let ending = to.until_end().await?;
                ending.expect_all(&to, row)?;
                ending.expect_close(&to, &expected)
            };
            together(closer, reader).await?;
            Ok(())
        })
        .await
}

async fn a_drop_ends_a_writer_that_waits(bench: &Bench<'_>) -> Result<(), Failure> {
    let message = Message::from("more");
    bench
        .each_way(async |mut from, to| {
            Filling::new(bench).fill(&mut from, Flushes::Always).await?;
            drop(to);
            let ending = from.until_broken(&message).await;
            ending.expect_no_close(&from)
        })
        .await
}

/// What was sent to a reader that does not read, or hardly.
struct Filling {
    row: Row,
    bound: usize,
    /// How many messages the writer has sent.
    taken: usize,
    /// How many messages the reader has received.
    drained: usize,
    /// What is between the two, in bytes.
    between: usize,
}

#[derive(Clone, Copy)]
enum Flushes {
    Always,
    Never,
}

impl Filling {
    fn new(bench: &Bench<'_>) -> Self {
        let row = Row { count: usize::MAX, sizes: SIZES, limit: bench.kit.max_message };
        Self { row, bound: bench.kit.buffer_bound, taken: 0, drained: 0, between: 0 }
    }

    /// Sends until there has been no more room for a while. Too short a while on a busy machine
    /// makes the case less strict, but never fails it.
    async fn fill(&mut self, from: &mut End, flushes: Flushes) -> Result<(), Failure> {
        let row = self.row;
        self.fill_with(from, flushes, |number| row.message(number)).await
    }

    async fn fill_with(
        &mut self,
        from: &mut End,
        flushes: Flushes,
        message: impl Fn(usize) -> Message,
    ) -> Result<(), Failure> {
        while let Ok(ready) = timeout(QUIET, from.ready()).await {
            ready?;
            let message = message(self.taken);
            self.between += message.len() + OVERHEAD;
            if self.between > self.bound {
                let Self { bound, taken, drained, .. } = self;
                let expected = format_args!("no more room while at most {bound} bytes wait");
                let got = format_args!("room after {taken} messages, of which {drained} were read");
                return Err(Failure::new(from.name, expected, got));
            }
            from.start(message)?;
            self.taken += 1;
            if let Flushes::Always = flushes {
                from.begin_flush().await?;
            }
        }
        Ok(())
    }

    async fn drain_one(&mut self, to: &mut End) -> Result<(), Failure> {
        let message = self.row.message(self.drained);
        to.expect(&message).await?;
        self.drained += 1;
        self.between -= message.len() + OVERHEAD;
        Ok(())
    }
}

const SIZES: &[usize] = &[16 * 1024, 10, 3000];
const QUIET: Duration = Duration::from_millis(50);
const ROUNDS: usize = 10;
const OVERHEAD: usize = 4;
