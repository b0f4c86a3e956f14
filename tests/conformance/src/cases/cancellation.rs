//! Whatever is waited for may be given up, and begun again elsewhere.

use plimsoll::Close;

use super::order::pass;
use crate::kit::bench::{Bench, cases};
use crate::kit::failure::Failure;
use crate::kit::message::Row;
use crate::kit::restless::Step;
use crate::kit::together::together;

cases![
    giving_up_a_receive_loses_nothing,
    giving_up_the_wait_for_room_loses_nothing,
    giving_up_a_flush_loses_nothing,
    giving_up_a_close_loses_nothing,
    giving_up_everything_loses_nothing,
];

async fn giving_up_a_receive_loses_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = row(bench);
    bench.each_way(async |from, to| pass(from, to.restless(Step::Recv, TIMES), row).await).await
}

async fn giving_up_the_wait_for_room_loses_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = row(bench);
    bench.each_way(async |from, to| pass(from.restless(Step::Ready, TIMES), to, row).await).await
}

async fn giving_up_a_flush_loses_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = row(bench);
    bench.each_way(async |from, to| pass(from.restless(Step::Flush, TIMES), to, row).await).await
}

async fn giving_up_a_close_loses_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = row(bench);
    bench
        .each_way(async |from, to| {
            let mut from = from.restless(Step::Close, TIMES);
            let mut to = to.restless(Step::Close, TIMES);
            let closer = async move {
                for message in row.messages() {
                    from.put(message).await?;
                }
                let ending = from.close(Close::going_away()).await?;
                ending.expect_answer(&from, &Close::going_away())
            };
            let other = async move {
                let ending = to.until_end().await?;
                ending.expect_all(&to, row)?;
                ending.expect_close(&to, &Close::going_away())
            };
            together(closer, other).await?;
            Ok(())
        })
        .await
}

async fn giving_up_everything_loses_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    let there = row(bench);
    let back = Row { count: 300, sizes: &[20_000, 10, 700], limit: bench.kit.max_message };
    let (client, server) = bench.pair().await;
    let mut client = client.restless(Step::All, TIMES);
    let mut server = server.restless(Step::All, TIMES);
    let one = async move {
        client.exchange(there, back).await?;
        let ending = client.close(Close::normal()).await?;
        ending.expect_answer(&client, &Close::normal())
    };
    let other = async move {
        server.exchange(back, there).await?;
        let ending = server.until_end().await?;
        ending.expect_close(&server, &Close::normal())
    };
    together(one, other).await?;
    Ok(())
}

/// Enough to fill all buffers on the way.
fn row(bench: &Bench<'_>) -> Row {
    let sizes = &[usize::MAX, 1, 300, 9000];
    Row { count: 400, sizes, limit: bench.at_most(64 * 1024) }
}

const TIMES: usize = 3;
