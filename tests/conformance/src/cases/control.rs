//! Pings and pongs.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use plimsoll::{Capabilities, Duplex, Frame, Liveness, Message};

use crate::kit::Kit;
use crate::kit::bench::{Bench, cases};
use crate::kit::end::End;
use crate::kit::failure::Failure;
use crate::kit::message::numbered;
use crate::kit::together::together;

cases![
    a_ping_is_answered_with_its_payload if with_pings,
    pings_go_between_messages if with_pings,
    of_many_pings_the_last_is_answered if with_pings,
    an_unasked_pong_harms_nothing if with_pings,
];

fn with_pings(_: &Kit, capabilities: &Capabilities) -> bool {
    capabilities.liveness == Liveness::PingPong
}

/// By the transport, or by a driver that answers what is handed up.
async fn a_ping_is_answered_with_its_payload(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, to| {
            let asker = async move {
                for payload in [Bytes::from("are you there"), Bytes::new(), vec![0xFF; 125].into()]
                {
                    from.send(Frame::Ping(payload.clone())).await?;
                    expect_pong(&mut from, &payload).await?;
                }
                from.send("done").await?;
                Ok(from)
            };
            together(asker, receive_until_done(to, 0)).await?;
            Ok(())
        })
        .await
}

async fn pings_go_between_messages(bench: &Bench<'_>) -> Result<(), Failure> {
    const COUNT: usize = 100;
    bench
        .each_way(async |mut from, to| {
            let asker = async move {
                for number in 0..COUNT {
                    let payload = Bytes::from(number.to_string());
                    from.put(numbered(number, 200)).await?;
                    from.send(Frame::Ping(payload.clone())).await?;
                    expect_pong(&mut from, &payload).await?;
                }
                from.send("done").await?;
                Ok(from)
            };
            together(asker, receive_until_done(to, COUNT)).await?;
            Ok(())
        })
        .await
}

/// Of the others it may be any, also none (RFC 6455, section 5.5.3).
async fn of_many_pings_the_last_is_answered(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, to| {
            let asker = async move {
                flood(&mut from, 2000).await?;
                from.send("done").await?;
                Ok(from)
            };
            together(asker, receive_until_done(to, 0)).await?;
            Ok(())
        })
        .await
}

async fn an_unasked_pong_harms_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            let asker = async move {
                from.put(Frame::Pong("unasked".into())).await?;
                from.put("after").await?;
                from.send(Frame::Pong(Bytes::new())).await?;
                from.expect(&Message::from("back")).await.map(|()| from)
            };
            let other = async move {
                to.expect(&Message::from("after")).await?;
                to.send("back").await.map(|()| to)
            };
            together(asker, other).await?;
            Ok(())
        })
        .await
}

async fn receive_until_done(mut to: End, messages: usize) -> Result<End, Failure> {
    for number in 0..messages {
        to.expect(&numbered(number, 200)).await?;
    }
    to.expect(&Message::from("done")).await?;
    Ok(to)
}

async fn expect_pong(from: &mut End, payload: &Bytes) -> Result<(), Failure> {
    let _waiting = from.waits.note(from.name, "a pong");
    loop {
        match poll_fn(|cx| from.io.poll_recv(cx)).await {
            Some(Ok(Frame::Pong(pong))) if pong == payload => return Ok(()),
            Some(Ok(Frame::Ping(_))) => {}
            other => return Err(from.got(format_args!("Pong({payload:?})"), &other)),
        }
    }
}

/// Sends pings as fast as they are taken, until the last is answered.
async fn flood(from: &mut End, count: usize) -> Result<(), Failure> {
    let _waiting = from.waits.note(from.name, "the pong to its last ping");
    let payload = |number: usize| Bytes::from(number.to_string());
    let mut sent = 0;
    poll_fn(|cx| {
        while sent < count {
            match from.io.poll_ready(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) => from.start(Frame::Ping(payload(sent)))?,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(from.failed("room", &error))),
            }
            sent += 1;
        }
        if let Poll::Ready(Err(error)) = from.io.poll_flush(cx) {
            return Poll::Ready(Err(from.failed("a flush", &error)));
        }
        loop {
            match from.io.poll_recv(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(Frame::Pong(pong)))) if pong == payload(count - 1) => {
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Some(Ok(Frame::Ping(_) | Frame::Pong(_)))) => {}
                Poll::Ready(other) => return Poll::Ready(Err(from.got("pongs", &other))),
            }
        }
    })
    .await
}
