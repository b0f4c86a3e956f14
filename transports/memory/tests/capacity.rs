//! What a connection holds is bounded.

use std::future::poll_fn;
use std::task::Poll;

use plimsoll::{BoxDuplex, DuplexExt, ErrorKind, Frame};
use plimsoll_memory::{Options, pair};

async fn has_room(io: &mut BoxDuplex) -> bool {
    poll_fn(|cx| Poll::Ready(io.poll_ready(cx).is_ready())).await
}

#[tokio::test(start_paused = true)]
async fn frames_count_their_payload_and_64_bytes() {
    let (mut near, mut far) = pair(Options::default().capacity(1000)).unwrap();
    near.send("x".repeat(900)).await.unwrap();
    assert!(has_room(&mut near).await, "964 of 1000 bytes are taken");
    near.send("").await.unwrap();
    assert!(!has_room(&mut near).await, "1028 of 1000 bytes are taken");
    far.recv().await.unwrap().unwrap();
    assert!(has_room(&mut near).await);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_larger_than_the_capacity_passes_alone() {
    let (mut near, mut far) = pair(Options::default().capacity(1)).unwrap();
    near.send("x".repeat(100_000)).await.unwrap();
    assert!(!has_room(&mut near).await);
    assert_eq!(far.recv().await.unwrap().unwrap(), Frame::from("x".repeat(100_000)));
    assert!(has_room(&mut near).await);
}

#[tokio::test(start_paused = true)]
async fn the_directions_have_room_of_their_own() {
    let (mut near, mut far) = pair(Options::default().capacity(1)).unwrap();
    near.send("x").await.unwrap();
    assert!(!has_room(&mut near).await);
    assert!(has_room(&mut far).await);
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_no_wire_could_carry_is_refused_alone() {
    let (mut near, mut far) = pair(Options::default()).unwrap();
    let error = near.send(Frame::Ping(vec![0; 126].into())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    near.send(Frame::Ping(vec![0; 125].into())).await.unwrap();
    assert_eq!(far.recv().await.unwrap().unwrap(), Frame::Ping(vec![0; 125].into()));
}
