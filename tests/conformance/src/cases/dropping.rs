//! Connections that end without a close.

use bytes::Bytes;
use plimsoll::{Frame, Message, Text};
use tokio::sync::oneshot;

use crate::kit::bench::{Bench, cases};
use crate::kit::failure::Failure;
use crate::kit::message::Row;
use crate::kit::together::together;

cases![
    a_drop_ends_the_connection_without_a_close,
    what_was_flushed_before_a_drop_arrives,
    a_drop_tears_no_message,
    a_drop_ends_a_peer_that_is_sending,
    dropping_both_ends_frees_what_was_between,
];

async fn a_drop_ends_the_connection_without_a_close(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            from.send("before").await?;
            to.expect(&Message::from("before")).await?;
            drop(from);
            let ending = to.until_end().await?;
            ending.expect_no_close(&to)
        })
        .await
}

async fn what_was_flushed_before_a_drop_arrives(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = Row { count: 50, sizes: &[10, 4000], limit: bench.kit.max_message };
    bench
        .each_way(async |mut from, mut to| {
            let sender = async move { from.send_row(row).await };
            let receiver = async move {
                let ending = to.until_end().await?;
                ending.expect_all(&to, row)?;
                ending.expect_no_close(&to)
            };
            together(sender, receiver).await?;
            Ok(())
        })
        .await
}

/// What was taken but not flushed is lost or arrives whole, and nothing arrives after a gap.
async fn a_drop_tears_no_message(bench: &Bench<'_>) -> Result<(), Failure> {
    let row = Row { count: 40, sizes: &[5000, 3, usize::MAX], limit: bench.kit.max_message };
    bench
        .each_way(async |mut from, mut to| {
            let sender = async move {
                for message in row.messages() {
                    from.put(message).await?;
                }
                Ok(())
            };
            let receiver = async move {
                let ending = to.until_end().await?;
                ending.expect_some(&to, row)?;
                ending.expect_no_close(&to)
            };
            together(sender, receiver).await?;
            Ok(())
        })
        .await
}

async fn a_drop_ends_a_peer_that_is_sending(bench: &Bench<'_>) -> Result<(), Failure> {
    let message = Message::from("s".repeat(bench.at_most(16 * 1024)));
    bench
        .each_way(async |mut from, mut to| {
            let message = message.clone();
            let (one_is_there, one_was_there) = oneshot::channel();
            let sender = async move {
                from.send(message.clone()).await?;
                let _ = one_was_there.await;
                let ending = from.until_broken(&message).await;
                ending.expect_no_close(&from)
            };
            let other = async move {
                let received = to.recv().await;
                let _ = one_is_there.send(());
                match received {
                    Some(Ok(Frame::Message(_))) => Ok(()),
                    received => Err(to.got("a message", &received)),
                }
            };
            together(sender, other).await?;
            Ok(())
        })
        .await
}

/// Neither end, nor a task that one of them left behind, keeps a message.
async fn dropping_both_ends_frees_what_was_between(bench: &Bench<'_>) -> Result<(), Failure> {
    let size = bench.at_most(4096);
    bench
        .each_way(async |mut from, to| {
            let (message, freed) = watched(size);
            from.put(message).await?;
            let (name, waits) = (from.name, from.waits.clone());
            drop((from, to));
            let _waiting = waits.note(name, "its message to be freed");
            let _ = freed.await;
            Ok(())
        })
        .await
}

/// A text whose receiver ends when the memory of the text is freed.
fn watched(size: usize) -> (Message, oneshot::Receiver<()>) {
    struct Owner {
        text: String,
        _alive: oneshot::Sender<()>,
    }

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.text.as_bytes()
        }
    }

    let (_alive, freed) = oneshot::channel();
    let bytes = Bytes::from_owner(Owner { text: "w".repeat(size), _alive });
    let text = Text::from_utf8(bytes).expect("ASCII is valid UTF-8");
    (Message::text(text), freed)
}
