//! What was flushed is on its way.

use plimsoll::Message;

use crate::kit::bench::{Bench, cases};
use crate::kit::failure::Failure;
use crate::kit::message::{Row, numbered};
use crate::kit::together::together;

cases![
    a_flushed_message_arrives_without_the_sender,
    flushed_messages_arrive_without_the_sender,
    a_flush_with_nothing_to_do_is_ready,
    asking_for_room_twice_changes_nothing,
];

/// Nobody polls the sender after the flush.
async fn a_flushed_message_arrives_without_the_sender(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            for number in 0..10 {
                let message = numbered(number, 20);
                from.send(message.clone()).await?;
                to.expect(&message).await?;
            }
            Ok(())
        })
        .await
}

/// The flush may need the receiver to read; nobody polls the sender after it.
async fn flushed_messages_arrive_without_the_sender(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = Row { count: 50, sizes: &[usize::MAX, 10], limit: bench.at_most(64 * 1024) };
    bench
        .each_way(async |mut from, mut to| {
            let sender = async move { from.send_row(row).await.map(|()| from) };
            let receiver = async move { to.expect_row(row).await.map(|()| to) };
            together(sender, receiver).await?;
            Ok(())
        })
        .await
}

async fn a_flush_with_nothing_to_do_is_ready(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            from.flush().await?;
            from.flush().await?;
            let message = Message::from("after empty flushes");
            from.send(message.clone()).await?;
            from.flush().await?;
            to.expect(&message).await
        })
        .await
}

async fn asking_for_room_twice_changes_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            let row = Row { count: 10, sizes: &[20], limit: 20 };
            let sender = async move {
                for message in row.messages() {
                    from.ready().await?;
                    from.put(message).await?;
                }
                from.flush().await.map(|()| from)
            };
            let receiver = async move { to.expect_row(row).await.map(|()| to) };
            together(sender, receiver).await?;
            Ok(())
        })
        .await
}
