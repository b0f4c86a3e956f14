//! Messages arrive once, in order, with their boundaries and kinds.

use plimsoll::Message;

use crate::kit::bench::{Bench, cases};
use crate::kit::end::End;
use crate::kit::failure::Failure;
use crate::kit::message::{Row, numbered};
use crate::kit::together::together;

cases![
    a_message_arrives,
    messages_arrive_once_and_in_order,
    boundaries_are_kept,
    kinds_are_kept if |_, capabilities| capabilities.binary,
    empty_messages_arrive,
    empty_binary_messages_arrive if |_, capabilities| capabilities.binary,
    text_keeps_every_character,
    binary_keeps_every_byte if |_, capabilities| capabilities.binary,
    large_messages_arrive,
    many_messages_go_both_ways_at_once,
];

async fn a_message_arrives(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            let message = Message::from("ahoy");
            from.send(message.clone()).await?;
            to.expect(&message).await
        })
        .await
}

async fn messages_arrive_once_and_in_order(bench: &Bench<'_>) -> Result<(), Failure> {
    let limit = bench.kit.max_message;
    pass_each_way(bench, Row { count: 2000, sizes: &[8, 40, 125, 126], limit }).await
}

/// Around the sizes at which length fields and buffers change.
async fn boundaries_are_kept(bench: &Bench<'_>) -> Result<(), Failure> {
    let sizes = &[
        1, 2, 63, 64, 124, 125, 126, 127, 128, 255, 256, 1023, 1024, 1025, 4095, 4096, 4097, 8191,
        8192, 8193, 16_383, 16_384, 16_385, 32_768, 65_533, 65_534, 65_535, 65_536,
    ];
    let limit = bench.kit.max_message;
    pass_each_way(bench, Row { count: 2 * sizes.len(), sizes, limit }).await
}

/// Text and binary with the same bytes.
async fn kinds_are_kept(bench: &Bench<'_>) -> Result<(), Failure> {
    let messages = || {
        (0..100).flat_map(|number| {
            let text = numbered(number, 16);
            let binary = Message::binary(text.clone().into_bytes());
            if number % 3 == 0 { [text, binary] } else { [binary, text] }
        })
    };
    pass_messages(bench, &messages().collect::<Vec<_>>()).await
}

async fn empty_messages_arrive(bench: &Bench<'_>) -> Result<(), Failure> {
    let empty = Message::from("");
    let messages = [empty.clone(), empty.clone(), Message::from("between"), empty];
    pass_messages(bench, &messages).await
}

async fn empty_binary_messages_arrive(bench: &Bench<'_>) -> Result<(), Failure> {
    let (binary, text) = (Message::from(Vec::new()), Message::from(""));
    let messages = [binary.clone(), text.clone(), binary.clone(), binary, text];
    pass_messages(bench, &messages).await
}

async fn text_keeps_every_character(bench: &Bench<'_>) -> Result<(), Failure> {
    let controls: String = (0..0xA0).filter_map(char::from_u32).collect();
    let edges = "\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FEFF}\u{FFFD}\u{FFFF}\u{10000}\u{10FFFF}";
    let messages = [
        Message::from("Grüße, 世界 👋🏽 e\u{301}"),
        Message::from(controls),
        Message::from(edges),
        Message::from("\u{FEFF}begins with a mark"),
        Message::from("\"quoted\" \\ \\u0041 <b>&amp;</b> \u{2028}\u{2029} a,b;c\r\n\r\nd\u{1e}e"),
        Message::from(" spaces around \t"),
        Message::from("\0"),
    ];
    pass_messages(bench, &messages).await
}

async fn binary_keeps_every_byte(bench: &Bench<'_>) -> Result<(), Failure> {
    let all: Vec<u8> = (0..=255).collect();
    let messages = [
        Message::from(all.clone()),
        Message::from(all.into_iter().rev().collect::<Vec<u8>>()),
        Message::from(vec![0; 200]),
        Message::from(vec![0xFF; 200]),
    ];
    pass_messages(bench, &messages).await
}

async fn large_messages_arrive(bench: &Bench<'_>) -> Result<(), Failure> {
    let limit = bench.kit.max_message;
    let sizes = &[usize::MAX, 3, usize::MAX];
    pass_each_way(bench, Row { count: 6, sizes, limit }).await
}

async fn many_messages_go_both_ways_at_once(bench: &Bench<'_>) -> Result<(), Failure> {
    let limit = bench.kit.max_message;
    let there = Row { count: 3000, sizes: &[5, 300, 1500, 40, 20_000], limit };
    let back = Row { count: 2000, sizes: &[20_000, 10, 700], limit };
    let (mut client, mut server) = bench.pair().await;
    let client = async move { client.exchange(there, back).await.map(|()| client) };
    let server = async move { server.exchange(back, there).await.map(|()| server) };
    together(client, server).await?;
    Ok(())
}

async fn pass_each_way(bench: &Bench<'_>, row: Row) -> Result<(), Failure> {
    bench.each_way(async |from, to| pass(from, to, row).await).await
}

/// Sends a row from one end to the other, and at last a message that must come next.
pub(super) async fn pass(mut from: End, mut to: End, row: Row) -> Result<(), Failure> {
    let sender = async move {
        from.send_row(row).await?;
        from.send("last").await?;
        Ok(from)
    };
    let receiver = async move {
        to.expect_row(row).await?;
        to.expect(&Message::from("last")).await?;
        Ok(to)
    };
    together(sender, receiver).await?;
    Ok(())
}

/// Sends messages from one end to the other, and at last one that must come next.
async fn pass_messages(bench: &Bench<'_>, messages: &[Message]) -> Result<(), Failure> {
    let messages = [messages, &[Message::from("last")]].concat();
    bench
        .each_way(async |mut from, mut to| {
            let (outgoing, incoming) = (messages.clone(), messages.clone());
            let sender = async move {
                for message in outgoing {
                    from.put(message).await?;
                }
                from.flush().await.map(|()| from)
            };
            let receiver = async move {
                for message in incoming {
                    to.expect(&message).await?;
                }
                Ok(to)
            };
            together(sender, receiver).await?;
            Ok(())
        })
        .await
}
