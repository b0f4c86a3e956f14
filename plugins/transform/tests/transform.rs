//! Transforms on real connections of the memory transport.

use std::future::{Ready, pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll::{
    Capabilities, Close, CloseCode, Dialer, DuplexExt, Endpoint, Error, ErrorKind, Frame,
    Handshake, Info, Message, Socket,
};
use plimsoll_memory::{Memory, Options, pair};
use plimsoll_transform::Transform;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep};

/// Takes the longer, the fewer letters a message has.
async fn slow_if_short(message: Message) -> Result<Option<Message>, Error> {
    sleep(Duration::from_millis(1000 / (message.len() as u64 + 1))).await;
    Ok(Some(message))
}

async fn never(_: Message) -> Result<Option<Message>, Error> {
    pending().await
}

async fn refuse(_: Message) -> Result<Option<Message>, Error> {
    Err(Error::with_message(ErrorKind::Policy, "not here"))
}

async fn panic(_: Message) -> Result<Option<Message>, Error> {
    panic!("on purpose")
}

/// Numbers the messages of a connection, and swallows each second one.
fn numbered(_: &Info) -> impl FnMut(Message) -> Ready<Result<Option<Message>, Error>> + use<> {
    let mut number = 0;
    move |message| {
        number += 1;
        let text = message.as_text().unwrap_or_default();
        ready(Ok((number % 2 == 1).then(|| format!("{number} {text}").into())))
    }
}

#[tokio::test(start_paused = true)]
async fn messages_do_not_overtake_each_other() {
    for transform in [
        Transform::new().inbound(|_| slow_if_short),
        Transform::new().outbound(|_| slow_if_short),
        Transform::new().inbound(|_| slow_if_short).outbound(|_| slow_if_short),
    ] {
        let mut socket = echo(transform).await;
        let sent = ["", "a", "bc", "and a longer one", "d", ""];
        for text in sent {
            socket.send(text).await.unwrap();
        }
        for text in sent {
            assert_eq!(next(&mut socket).await, text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_message_goes_out_before_the_close() {
    let endpoint = Endpoint::builder()
        .plugin(Transform::new().outbound(|_| slow_if_short))
        .handle(|socket: Socket| async move { socket.send("bye").await.unwrap() })
        .unwrap();
    let mut socket = dial(endpoint).await;
    assert_eq!(next(&mut socket).await, "bye");
    assert!(socket.recv().await.is_none());
    assert_eq!(socket.sender().closed().await.code, CloseCode::NORMAL);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_peer_does_not_wait_for_what_is_on_its_way_to_it() {
    for transform in [
        Transform::new().outbound(|_| never),
        Transform::new().inbound(|_| slow_if_short).outbound(|_| never),
    ] {
        for last in [Some(Frame::Close(Close::normal())), None] {
            let (opened, sender) = oneshot::channel();
            let opened = Mutex::new(Some(opened));
            let endpoint = Endpoint::builder().plugin(transform.clone());
            let endpoint = endpoint.handle(move |mut socket: Socket| {
                let opened = opened.lock().unwrap().take().unwrap();
                async move {
                    socket.send("in a step").await.unwrap();
                    opened.send(socket.sender().clone()).unwrap();
                    assert!(socket.recv().await.is_none());
                }
            });
            let (io, mut peer) = pair(Options::default()).unwrap();
            let handshake = Handshake::new("memory", Capabilities::FULL, "/".parse().unwrap());
            let admission = endpoint.unwrap().admit(handshake).await.unwrap();
            admission.spawn(async { Some(io) });
            let sender = sender.await.unwrap();

            let began = Instant::now();
            if let Some(close) = last {
                peer.send(close).await.unwrap();
            } else {
                drop(peer);
            }
            sender.closed().await;
            assert_eq!(began.elapsed(), Duration::ZERO);
        }
    }
}

#[tokio::test]
async fn a_step_has_a_state_for_each_connection_and_may_swallow() {
    let memory = Memory::new();
    let listener = memory.listen("sea").unwrap();
    let endpoint =
        Endpoint::builder().plugin(Transform::new().inbound(numbered)).handle(repeat).unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    for _ in 0..2 {
        let mut socket = dialer.connect("mem://sea").await.unwrap();
        for text in ["a", "b", "c"] {
            socket.send(text).await.unwrap();
        }
        assert_eq!(next(&mut socket).await, "1 a");
        assert_eq!(next(&mut socket).await, "3 c");
    }
}

#[tokio::test]
async fn an_error_ends_the_connection_with_its_close() {
    for transform in [Transform::new().inbound(|_| refuse), Transform::new().outbound(|_| refuse)] {
        let mut socket = echo(transform).await;
        socket.send("a").await.unwrap();
        assert!(socket.recv().await.is_none());
        let close = socket.sender().closed().await;
        assert_eq!(
            (close.code, close.wire_reason()),
            (CloseCode::POLICY, "the peer broke a rule: not here")
        );
    }
}

#[tokio::test]
async fn a_panic_costs_its_own_connection() {
    for transform in [Transform::new().inbound(|_| panic), Transform::new().outbound(|_| panic)] {
        let mut socket = echo(transform).await;
        socket.send("a").await.unwrap();
        assert!(socket.recv().await.is_none());
        assert_eq!(socket.sender().closed().await.code, CloseCode::INTERNAL);
    }
}

#[tokio::test]
async fn one_direction_goes_on_while_the_other_waits() {
    let gate = Arc::new(Semaphore::new(0));
    let wait = {
        let gate = Arc::clone(&gate);
        move |_: &Info| {
            let gate = Arc::clone(&gate);
            move |message| {
                let gate = Arc::clone(&gate);
                async move {
                    gate.acquire().await.unwrap().forget();
                    Ok(Some(message))
                }
            }
        }
    };
    let endpoint = Endpoint::builder()
        .plugin(Transform::new().inbound(wait))
        .handle(|mut socket: Socket| async move {
            socket.send("first word").await.unwrap();
            let message = socket.recv().await.unwrap().unwrap();
            socket.send(message).await.unwrap();
        })
        .unwrap();
    let mut socket = dial(endpoint).await;
    socket.send("question").await.unwrap();
    assert_eq!(next(&mut socket).await, "first word");
    gate.add_permits(1);
    assert_eq!(next(&mut socket).await, "question");
}

async fn echo(transform: Transform) -> Socket {
    dial(Endpoint::builder().plugin(transform).handle(repeat).unwrap()).await
}

async fn repeat(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn dial(endpoint: Endpoint) -> Socket {
    let memory = Memory::new();
    let listener = memory.listen("sea").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    dialer.connect("mem://sea").await.unwrap()
}

async fn next(socket: &mut Socket) -> String {
    socket.recv().await.unwrap().unwrap().as_text().unwrap().to_owned()
}
