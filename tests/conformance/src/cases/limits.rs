//! What a transport does not carry.

use std::future::poll_fn;

use plimsoll::{Capabilities, Close, CloseCode, Duplex, ErrorKind, Frame, Liveness, Message};

use crate::kit::Kit;
use crate::kit::bench::{Bench, cases};
use crate::kit::end::End;
use crate::kit::ending::Ending;
use crate::kit::failure::Failure;
use crate::kit::message::numbered;
use crate::kit::together::together;

cases![
    binary_is_refused_as_unsupported if |_, capabilities| !capabilities.binary,
    a_refused_message_harms_no_other if |_, capabilities| !capabilities.binary,
    pings_that_are_not_carried_harm_nothing if without_pings,
    a_message_over_the_limit_is_refused if over_limit,
    a_reader_that_fails_can_say_why if over_limit,
];

fn without_pings(_: &Kit, capabilities: &Capabilities) -> bool {
    capabilities.liveness != Liveness::PingPong
}

fn over_limit(kit: &Kit, _: &Capabilities) -> bool {
    kit.over_limit.is_some()
}

async fn binary_is_refused_as_unsupported(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, _to| {
            let refused = refused(&mut from, Message::from(vec![1, 2, 3])).await?;
            if refused == Some(ErrorKind::Unsupported) {
                return Ok(());
            }
            Err(Failure::new(from.name, "binary to be Unsupported", format_args!("{refused:?}")))
        })
        .await
}

async fn a_refused_message_harms_no_other(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            from.put("before").await?;
            refused(&mut from, Message::from(vec![1, 2, 3])).await?;
            from.send("after").await?;
            to.expect(&Message::from("before")).await?;
            to.expect(&Message::from("after")).await?;
            to.send("back").await?;
            from.expect(&Message::from("back")).await
        })
        .await
}

/// Dropped in silence or refused as unsupported.
async fn pings_that_are_not_carried_harm_nothing(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            let ping = Frame::Ping("anyone".into());
            match refused(&mut from, ping).await? {
                None | Some(ErrorKind::Unsupported) => {}
                Some(kind) => {
                    let got = format_args!("{kind:?}");
                    return Err(Failure::new(from.name, "nothing, or Unsupported", got));
                }
            }
            from.send("after").await?;
            to.expect(&Message::from("after")).await
        })
        .await
}

/// By its sender, which lives on, or by its receiver.
async fn a_message_over_the_limit_is_refused(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| match send_too_large(bench, &mut from).await? {
            Sent::Refused => {
                from.send("after").await?;
                to.expect(&Message::from("after")).await
            }
            Sent::Taken => receive_too_large(&mut from, &mut to).await,
        })
        .await
}

/// After an error the reader still sends a close. It may wait for the peer to stop sending
/// meanwhile, since what is unread can make a system throw the close away.
async fn a_reader_that_fails_can_say_why(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |mut from, mut to| {
            if let Sent::Refused = send_too_large(bench, &mut from).await? {
                return Ok(());
            }
            receive_too_large(&mut from, &mut to).await?;
            let close = Close::new(CloseCode::TOO_LARGE, "too large");
            to.put(Frame::Close(close.clone())).await?;
            let closer = async move {
                let closed = poll_fn(|cx| to.io.poll_close(cx)).await;
                closed.map_err(|error| to.failed("to close after an error", &error))?;
                Ok(to)
            };
            let sender = async move {
                let mut flushed = false;
                let received = poll_fn(|cx| {
                    flushed = flushed || from.io.poll_flush(cx).is_ready();
                    from.io.poll_recv(cx)
                });
                let mut ending = Ending::default();
                if ending.add(received.await) {
                    from.finish(&mut ending).await?;
                }
                ending.expect_close(&from, &close)
            };
            together(closer, sender).await?;
            Ok(())
        })
        .await
}

enum Sent {
    Refused,
    Taken,
}

async fn send_too_large(bench: &Bench<'_>, from: &mut End) -> Result<Sent, Failure> {
    let size = bench.kit.over_limit.unwrap_or(usize::MAX);
    match refused(from, numbered(0, size)).await? {
        None => Ok(Sent::Taken),
        Some(ErrorKind::TooLarge) => Ok(Sent::Refused),
        Some(kind) => {
            Err(Failure::new(from.name, "the message to be TooLarge", format_args!("{kind:?}")))
        }
    }
}

/// Expects an error at the receiver, while the sender sends as long as it can.
async fn receive_too_large(from: &mut End, to: &mut End) -> Result<(), Failure> {
    let mut flushed = false;
    let received = poll_fn(|cx| {
        flushed = flushed || from.io.poll_flush(cx).is_ready();
        to.io.poll_recv(cx)
    });
    match received.await {
        Some(Err(error)) if error.kind() == ErrorKind::TooLarge => Ok(()),
        other => Err(to.got("an error of kind TooLarge", &other)),
    }
}

/// Sends a frame; returns the kind of error with which it was refused, if it was.
async fn refused(from: &mut End, frame: impl Into<Frame>) -> Result<Option<ErrorKind>, Failure> {
    from.ready().await?;
    Ok(from.io.start_send(frame.into()).err().map(|error| error.kind()))
}
