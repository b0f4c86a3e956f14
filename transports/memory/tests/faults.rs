//! Faults happen as planned, and the same in each run.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use plimsoll::{BoxDuplex, DuplexExt, Error, ErrorKind, Frame, Message};
use plimsoll_memory::{Faults, Options, pair};
use proptest::prelude::*;
use tokio::time::Instant;

/// A sound end, and one on which `faults` are put.
fn one_end(faults: &Faults) -> (BoxDuplex, BoxDuplex) {
    let (near, far) = pair(Options::default()).unwrap();
    (near, faults.wrap(far).unwrap())
}

/// When each of `count` messages arrives, after the start, and how it ends.
async fn course(faults: &Faults, count: usize) -> (Vec<Duration>, Option<ErrorKind>) {
    let (mut near, mut far) = one_end(faults);
    let start = Instant::now();
    for number in 0..count {
        near.send(number.to_string()).await.unwrap();
    }
    drop(near);
    let mut arrivals = Vec::new();
    loop {
        match far.recv().await {
            Some(Ok(frame)) => assert_eq!(frame, Frame::from(arrivals.len().to_string())),
            Some(Err(error)) => return (arrivals, Some(error.kind())),
            None => return (arrivals, None),
        }
        arrivals.push(start.elapsed());
    }
}

fn is_lost(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    source.map(io::Error::kind) == Some(io::ErrorKind::ConnectionReset)
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_takes_the_same_course() {
    let plan = |seed| {
        let faults = Faults::seeded(seed).latency(Duration::from_millis(5));
        faults.jitter(Duration::from_secs(1)).lose_within(10..=90)
    };
    let (one, again, other) = (plan(1), plan(1), plan(2));
    for connection in 0..5 {
        let expected = course(&one, 100).await;
        assert_eq!(course(&again, 100).await, expected, "connection {connection}");
        assert_ne!(course(&other, 100).await, expected, "connection {connection}");
        assert_eq!(expected.1, Some(ErrorKind::Io));
    }
}

#[tokio::test(start_paused = true)]
async fn connections_of_a_plan_differ_and_clones_count_together() {
    let faults = Faults::seeded(1).jitter(Duration::from_secs(1));
    let (first, second) = (course(&faults, 20).await, course(&faults.clone(), 20).await);
    assert_ne!(first, second);
    let again = Faults::seeded(1).jitter(Duration::from_secs(1));
    assert_eq!(course(&again, 20).await, first);
    assert_eq!(course(&again, 20).await, second);
}

#[tokio::test(start_paused = true)]
async fn a_delay_passes_before_a_frame_arrives() {
    let latency = Duration::from_millis(300);
    let faults = Faults::seeded(1).latency(latency).jitter(Duration::from_millis(100));
    let (arrivals, end) = course(&faults, 50).await;
    assert_eq!((arrivals.len(), end), (50, None));
    assert!(arrivals.iter().all(|arrival| *arrival >= latency), "{arrivals:?}");
    assert!(arrivals.is_sorted(), "{arrivals:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_lost_after_so_many_frames_of_both_directions() {
    let (mut near, mut far) = one_end(&Faults::seeded(1).lose_after(3));
    near.send("1").await.unwrap();
    assert_eq!(far.recv().await.unwrap().unwrap(), Frame::from("1"));
    far.send("2").await.unwrap();
    far.send("3").await.unwrap();
    let error = far.send("4").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Io && is_lost(&error), "{error:?}");
    assert!(is_lost(&far.recv().await.unwrap().unwrap_err()));
    assert_eq!(near.recv().await.unwrap().unwrap(), Frame::from("2"));
    assert_eq!(near.recv().await.unwrap().unwrap(), Frame::from("3"));
    assert!(near.recv().await.is_none());
    assert_eq!(near.send("5").await.unwrap_err().kind(), ErrorKind::Close);
}

#[tokio::test(start_paused = true)]
async fn a_loss_after_nothing_loses_at_once() {
    let (mut near, mut far) = one_end(&Faults::seeded(1).lose_after(0));
    assert!(is_lost(&far.recv().await.unwrap().unwrap_err()));
    assert!(near.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_waits_learns_of_a_loss_by_sending() {
    let (_near, mut far) = one_end(&Faults::seeded(1).lose_after(1));
    let waiting = poll_fn(|cx| Poll::Ready(far.poll_recv(cx))).await;
    assert!(waiting.is_pending());
    far.send("the last").await.unwrap();
    assert!(is_lost(&far.recv().await.unwrap().unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_its_peer_back() {
    let (near, far) = pair(Options::default().capacity(1)).unwrap();
    let (mut near, mut far) = (near, Faults::seeded(1).slow_reader(1000).wrap(far).unwrap());
    let start = Instant::now();
    let reader = tokio::spawn(async move { while far.recv().await.is_some() {} });
    for _ in 0..10 {
        near.send("x".repeat(500)).await.unwrap();
    }
    drop(near);
    reader.await.unwrap();
    let pace = Duration::from_secs(5);
    assert!(start.elapsed() >= pace - Duration::from_millis(500), "{:?}", start.elapsed());
    assert!(start.elapsed() <= pace + Duration::from_millis(500), "{:?}", start.elapsed());
}

#[test]
fn settings_that_cannot_work_are_named() {
    let day = Duration::from_secs(24 * 60 * 60);
    let too_long = day + Duration::from_nanos(1);
    #[expect(clippy::reversed_empty_ranges, reason = "this is the mistake")]
    let wrong = [
        (Faults::seeded(0).latency(too_long), "latency"),
        (Faults::seeded(0).jitter(too_long), "jitter"),
        (Faults::seeded(0).lose_within(2..=1), "lose_within"),
        (Faults::seeded(0).slow_reader(0), "slow_reader"),
    ];
    for (faults, setting) in wrong {
        let error = faults.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{setting}`")), "{error}");
        assert!(pair(Options::default().faults(faults.clone())).is_err());
        let (io, _other) = pair(Options::default()).unwrap();
        assert!(faults.wrap(io).is_err());
    }
    assert!(Faults::seeded(0).latency(day).jitter(day).slow_reader(u64::MAX).check().is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What arrives is what was sent, in order, whatever the delays; then comes the loss, if the
    /// plan has one, or the end.
    #[test]
    fn any_plan_keeps_the_order(
        seed: u64,
        latency in 0_u64..100,
        jitter in 0_u64..1000,
        pace in proptest::option::of(1_u64..100_000),
        lose_after in proptest::option::of(0_u64..40),
        sizes in proptest::collection::vec(0_usize..3000, 0..40),
    ) {
        let mut faults = Faults::seeded(seed)
            .latency(Duration::from_millis(latency))
            .jitter(Duration::from_millis(jitter));
        faults = pace.into_iter().fold(faults, Faults::slow_reader);
        faults = lose_after.into_iter().fold(faults, Faults::lose_after);
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(any_plan(faults, sizes, lose_after));
    }
}

async fn any_plan(faults: Faults, sizes: Vec<usize>, lose_after: Option<u64>) {
    let (mut near, mut far) = one_end(&faults);
    let messages: Vec<_> = sizes.into_iter().map(|size| Message::from("m".repeat(size))).collect();
    let sent = messages.clone();
    let writer = tokio::spawn(async move {
        for message in sent {
            if near.send(message).await.is_err() {
                break;
            }
        }
    });
    let passing = lose_after.map_or(usize::MAX, |frames| frames as usize);
    for message in messages.iter().take(passing) {
        assert_eq!(far.recv().await.unwrap().unwrap(), Frame::Message(message.clone()));
    }
    match far.recv().await {
        Some(Err(error)) => assert!(is_lost(&error) && passing <= messages.len(), "{error:?}"),
        None => assert!(passing > messages.len()),
        Some(Ok(frame)) => panic!("{frame:?} was not sent"),
    }
    writer.await.unwrap();
}
