use futures::{SinkExt, StreamExt};
use http::Uri;
use plimsoll::{Capabilities, Close, ErrorKind, Info, SlowPolicy, Socket, SocketOptions};
use plimsoll_encoding::{Codec, Json, MessagePack, Postcard, Typed, TypedExt};
use plimsoll_memory::{Options, pair};

#[tokio::test(start_paused = true)]
async fn values_go_both_ways() {
    let (left, right) = sockets();
    let mut left: Typed<String, u32, _> = left.typed_with(Postcard);
    let mut right: Typed<u32, String, _> = right.typed_with(Postcard);
    left.send(7).await.unwrap();
    assert_eq!(right.recv().await.unwrap().unwrap(), 7);
    right.send("seven".to_owned()).await.unwrap();
    assert_eq!(left.recv().await.unwrap().unwrap(), "seven");

    left.close(Close::normal());
    assert!(right.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn without_the_plugin_values_are_json() {
    let (left, mut right) = sockets();
    left.typed::<(), _>().send([1, 2]).await.unwrap();
    assert_eq!(right.recv().await.unwrap().unwrap().as_text(), Some("[1,2]"));
}

#[tokio::test(start_paused = true)]
async fn a_message_of_another_type_is_an_error_and_the_next_one_is_not() {
    let (left, right) = sockets();
    let mut left = left.typed_with::<u8, u8, _>(Json.with_max_bytes(16));
    for message in ["1", "true", "256", "\"a text that is too large\"", "[", "2"] {
        right.send(message).await.unwrap();
    }
    let mut received = Vec::new();
    for _ in 0..6 {
        received.push(left.recv().await.unwrap().map_err(|error| error.kind()));
    }
    let (bad, large) = (Err(ErrorKind::Codec), Err(ErrorKind::TooLarge));
    assert_eq!(received, [Ok(1), bad, bad, large, bad, Ok(2)]);
    left.send(3).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_typed_socket_is_a_stream_and_a_sink() {
    let (left, right) = sockets();
    let left: Typed<u8, u8, _> = left.typed_with(MessagePack);
    let mut right: Typed<u8, u8, _> = right.typed_with(MessagePack);
    let (mut sink, stream) = StreamExt::split(left);
    for number in 0..10 {
        sink.feed(number).await.unwrap();
    }
    sink.flush().await.unwrap();
    for number in 0..10 {
        assert_eq!(right.next().await.unwrap().unwrap(), number);
    }
    right.send(42).await.unwrap();
    drop(right);
    let received: Vec<_> = stream.map(Result::unwrap).collect().await;
    assert_eq!(received, [42]);
}

#[tokio::test(start_paused = true)]
async fn halves_live_in_different_tasks() {
    let (left, right) = sockets();
    let (sender, mut receiver) = left.typed_with::<String, String, _>(Json).split();
    let mut right: Typed<String, String, _> = right.typed_with(Json);
    let sending = tokio::spawn(async move {
        sender.send("awaited".into()).await.unwrap();
        sender.try_send("tried".into()).unwrap();
        assert!(sender.send_or("or else".into(), SlowPolicy::DropNewest).unwrap());
        sender.clone()
    });
    for expected in ["awaited", "tried", "or else"] {
        assert_eq!(right.recv().await.unwrap().unwrap(), expected);
    }
    right.send("back".into()).await.unwrap();
    assert_eq!(receiver.recv().await.unwrap().unwrap(), "back");
    sending.await.unwrap().close(Close::normal());
    assert!(right.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_value_that_the_format_cannot_express_is_an_error_and_the_socket_goes_on() {
    let (left, mut right) = sockets();
    let left = left.typed_with::<(), std::collections::HashMap<Vec<u8>, u8>, _>(Json);
    let error = left.send([(vec![1], 1)].into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    left.send([].into()).await.unwrap();
    assert_eq!(right.recv().await.unwrap().unwrap().as_text(), Some("{}"));
}

fn sockets() -> (Socket, Socket) {
    let (left, right) = pair(Options::default()).unwrap();
    let socket = |io| {
        let info = Info::new("memory", Capabilities::FULL, Uri::from_static("/"));
        Socket::spawn(io, info, SocketOptions::default())
    };
    (socket(left), socket(right))
}
