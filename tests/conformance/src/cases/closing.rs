//! Connections that end in order.

use std::future::poll_fn;

use plimsoll::{Close, CloseCode, Duplex, Frame};

use crate::kit::bench::{Bench, cases};
use crate::kit::end::End;
use crate::kit::ending::Ending;
use crate::kit::failure::Failure;
use crate::kit::message::Row;
use crate::kit::together::together;

cases![
    a_close_ends_both_directions,
    close_codes_and_reasons_arrive if |_, capabilities| capabilities.close_reason,
    a_long_reason_is_cut_between_characters if |_, capabilities| capabilities.close_reason,
    what_was_sent_before_a_close_arrives,
    closing_waits_for_nobody,
    closing_without_a_close_ends_the_stream,
    a_close_reaches_a_peer_that_is_sending,
    both_ends_close_at_once,
];

async fn a_close_ends_both_directions(bench: &Bench<'_>) -> Result<(), Failure> {
    bench.each_way(async |from, to| close(from, to, Close::normal()).await).await
}

async fn close_codes_and_reasons_arrive(bench: &Bench<'_>) -> Result<(), Failure> {
    let longest = "x".repeat(Close::MAX_REASON);
    for (code, reason) in [
        (CloseCode::NORMAL, "done"),
        (CloseCode::GOING_AWAY, ""),
        (CloseCode::PROTOCOL, "what was that"),
        (CloseCode::INTERNAL, "Grüße 👋"),
        (CloseCode::SLOW_CONSUMER, "\"quoted\", \\ and\nlines"),
        (CloseCode::from(3999), " "),
        (CloseCode::from(4000), "own"),
        (CloseCode::from(4999), longest.as_str()),
    ] {
        let close_with = Close::new(code, reason);
        bench.each_way(async |from, to| close(from, to, close_with.clone()).await).await?;
    }
    Ok(())
}

async fn a_long_reason_is_cut_between_characters(bench: &Bench<'_>) -> Result<(), Failure> {
    let long = Close::new(CloseCode::NORMAL, "é".repeat(100));
    bench.each_way(async |from, to| close(from, to, long.clone()).await).await
}

/// Only the close flushes.
async fn what_was_sent_before_a_close_arrives(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = Row { count: 500, sizes: &[20, 2000], limit: bench.kit.max_message };
    bench
        .each_way(async |mut from, mut to| {
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

/// The other end is not polled until the close has gone out.
async fn closing_waits_for_nobody(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            from.put(Frame::Close(Close::normal())).await?;
            let waiting = from.waits.note(from.name, "poll_close, while the other end is idle");
            let closed = poll_fn(|cx| from.io.poll_close(cx)).await;
            closed.map_err(|error| from.failed("to close", &error))?;
            drop(waiting);
            let mut ending = Ending::default();
            ending.add(to.recv().await);
            ending.expect_close(&to, &Close::normal())
        })
        .await
}

/// The end of a direction, or a close where the protocol knows no other end.
async fn closing_without_a_close_ends_the_stream(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = Row { count: 3, sizes: &[20], limit: 20 };
    bench
        .each_way(async |mut from, mut to| {
            let closer = async move {
                for message in row.messages() {
                    from.put(message).await?;
                }
                from.finish(&mut Ending::default()).await
            };
            let other = async move {
                let ending = to.until_end().await?;
                ending.expect_orderly(&to)?;
                ending.expect_all(&to, row)
            };
            together(closer, other).await?;
            Ok(())
        })
        .await
}

/// It gets the close although it reads only between its own messages, and although its sending
/// may fail; the closing end gets what was sent until then.
async fn a_close_reaches_a_peer_that_is_sending(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = Row { count: usize::MAX, sizes: &[1000, 10], limit: bench.kit.max_message };
    let close = Close::new(CloseCode::GOING_AWAY, "enough");
    bench
        .each_way(async |mut from, mut to| {
            let close = close.clone();
            let expected = close.clone();
            let sender = async move {
                let ending = from.send_until_closed(row).await?;
                ending.expect_close(&from, &expected)
            };
            let closer = async move {
                to.expect_row(Row { count: 50, ..row }).await?;
                let mut ending = to.close(close).await?;
                ending.messages.splice(0..0, Row { count: 50, ..row }.messages());
                ending.expect_some(&to, row)
            };
            together(sender, closer).await?;
            Ok(())
        })
        .await
}

async fn both_ends_close_at_once(bench: &Bench<'_>) -> Result<(), Failure> {
    let (mut client, mut server) = bench.pair().await;
    let mine = Close::new(CloseCode::GOING_AWAY, "mine");
    let yours = Close::new(CloseCode::from(4001), "yours");
    client.send(Frame::Close(mine.clone())).await?;
    server.send(Frame::Close(yours.clone())).await?;
    let one = async move {
        let mut ending = Ending::default();
        client.finish(&mut ending).await?;
        Ok((client, ending))
    };
    let other = async move {
        let mut ending = Ending::default();
        server.finish(&mut ending).await?;
        Ok((server, ending))
    };
    let ((client, at_client), (server, at_server)) = together(one, other).await?;
    at_client.expect_close(&client, &yours)?;
    at_server.expect_close(&server, &mine)
}

async fn close(mut from: End, mut to: End, close: Close) -> Result<(), Failure> {
    let expected = close.clone();
    let closer = async move {
        let ending = from.close(close.clone()).await?;
        ending.expect_answer(&from, &close)
    };
    let other = async move {
        let ending = to.until_end().await?;
        ending.expect_close(&to, &expected)
    };
    together(closer, other).await?;
    Ok(())
}
