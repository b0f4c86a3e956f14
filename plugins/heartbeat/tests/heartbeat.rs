//! The plugin on connections in memory, under paused time.

use std::time::Duration;

use futures::future::join;
use http::{HeaderMap, Uri};
use plimsoll::{
    BoxDuplex, Capabilities, Dial, DuplexExt, ErrorKind, Frame, Handshake, Info, Liveness, Message,
    Plugin, SlowPolicy, Socket, SocketOptions,
};
use plimsoll_heartbeat::{Heartbeat, RoundTripExt};
use plimsoll_memory::{Faults, Options, pair};
use tokio::time::{Instant, sleep, timeout};

const INTERVAL: Duration = Duration::from_secs(25);
const TIMEOUT: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(3600);
const LATENCY: Duration = Duration::from_millis(40);

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_dead() {
    let (mut socket, _peer) = connect(Liveness::PingPong);
    let start = Instant::now();
    let error = socket.recv().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let time = start.elapsed();
    assert!(time > INTERVAL.mul_f64(0.9) + TIMEOUT - MS && time <= INTERVAL + TIMEOUT + MS);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_lives() {
    let (mut socket, mut peer) = connect(Liveness::PingPong);
    let answer = async {
        while let Some(Ok(frame)) = peer.recv().await {
            if let Frame::Ping(payload) = frame {
                peer.send(Frame::Pong(payload)).await.unwrap();
            }
        }
    };
    tokio::select! {
        end = socket.recv() => panic!("{end:?}"),
        () = answer => panic!("the connection ended"),
        () = sleep(LONG) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn any_frame_counts_as_life() {
    for frame in [Frame::from("ahoy"), Frame::Ping("".into()), Frame::Pong("stray".into())] {
        let (mut socket, mut peer) = connect(Liveness::PingPong);
        let talk = async {
            loop {
                sleep(TIMEOUT - MS).await;
                peer.send(frame.clone()).await.unwrap();
            }
        };
        let listen = async { while let Some(Ok(_)) = socket.recv().await {} };
        tokio::select! {
            () = listen => panic!("dead in spite of {frame:?}"),
            () = talk => {}
            () = sleep(LONG) => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_whose_frames_wait_unread_is_not_dead() {
    let (mut socket, mut peer) = connect(Liveness::PingPong);
    let message = Message::binary(vec![0; 1024]);
    while timeout(MS, peer.send(message.clone())).await.is_ok() {}
    sleep(LONG).await;
    assert_eq!(socket.sender().close_reason(), None);

    // Once all was read, the peer has to show life again.
    let read = Instant::now();
    while let Some(Ok(received)) = socket.recv().await {
        assert_eq!(received, message);
    }
    assert!(read.elapsed() <= INTERVAL + TIMEOUT * 2);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_get_to_read_is_not_dead_if_it_has_the_plugin() {
    let (io, peer) = pair(Options::default()).unwrap();
    let (mut socket, busy) =
        (wrap(io, info(Liveness::PingPong)), wrap(peer, info(Liveness::PingPong)));
    let flood = async {
        loop {
            sleep(MS * 700).await; // to meet every phase of the two pulses
            socket.sender().send_or(vec![0; 1024], SlowPolicy::DropNewest).unwrap();
        }
    };
    tokio::select! {
        () = flood => {}
        end = sleep(LONG) => end,
    }
    assert_eq!((socket.sender().close_reason(), busy.sender().close_reason()), (None, None));
    assert!(timeout(MS, socket.recv()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_is_measured() {
    let (socket, mut peer) = connect_over(Liveness::PingPong, far());
    assert_eq!(socket.round_trip(), None);
    answer_one(&mut peer).await;
    sleep(LATENCY + MS).await;
    let time = socket.round_trip().unwrap();
    assert!(time >= LATENCY * 2 && time <= LATENCY * 2 + MS * 3, "{time:?}");
    assert_eq!(socket.sender().round_trip(), Some(time));
}

#[tokio::test(start_paused = true)]
async fn an_answer_counts_once_and_only_if_it_was_asked_for() {
    let (socket, mut peer) = connect_over(Liveness::PingPong, far());
    peer.send(Frame::Pong(vec![0; 8].into())).await.unwrap();
    let payload = answer_one(&mut peer).await;
    sleep(LATENCY + MS).await;
    let time = socket.round_trip();
    assert!(time.is_some());
    peer.send(Frame::Pong(payload)).await.unwrap();
    sleep(LATENCY + MS).await;
    assert_eq!(socket.round_trip(), time);
}

#[tokio::test(start_paused = true)]
async fn where_the_transport_watches_itself_nothing_is_done() {
    let (socket, mut peer) = connect(Liveness::Builtin);
    assert!(timeout(LONG, peer.recv()).await.is_err());
    assert_eq!(socket.sender().close_reason(), None);
    assert_eq!(socket.round_trip(), None);
}

#[tokio::test(start_paused = true)]
async fn a_peer_without_the_plugin_is_left_alone_where_there_is_no_ping() {
    let (socket, mut peer) = connect(Liveness::None);
    socket.send("~heartbeat:ping 1").await.unwrap();
    let frame = peer.recv().await.unwrap().unwrap();
    assert_eq!(frame, Frame::from("~heartbeat:ping 1"));
    assert!(timeout(LONG, peer.recv()).await.is_err());
    assert_eq!(socket.sender().close_reason(), None);
}

#[tokio::test(start_paused = true)]
async fn two_plugins_talk_in_band_where_there_is_no_ping() {
    let (mut client, mut server) = connect_both(far()).await;
    let (one, other) = join(timeout(LONG, client.recv()), timeout(LONG, server.recv())).await;
    assert!(one.is_err() && other.is_err(), "nothing ends, and nothing reaches the applications");
    assert!(client.round_trip().unwrap() >= LATENCY * 2);
    assert!(server.round_trip().unwrap() >= LATENCY * 2);
}

#[tokio::test(start_paused = true)]
async fn the_application_may_send_what_looks_like_a_heartbeat() {
    let (client, mut server) = connect_both(Options::default()).await;
    for text in ["~heartbeat:ping 1", "~heartbeat:text ", "~heartbeat:", "plain"] {
        client.send(text).await.unwrap();
        assert_eq!(server.recv().await.unwrap().unwrap(), Message::from(text));
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_falls_silent_in_band_is_dead() {
    let info = info(Liveness::None).with_headers(announcement().await);
    let (io, mut peer) = pair(Options::default()).unwrap();
    let mut socket = wrap(io, info);
    assert!(matches!(peer.recv().await, Some(Ok(Frame::Message(_)))));
    assert_eq!(socket.recv().await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_heartbeat_ends_the_connection() {
    let info = info(Liveness::None).with_headers(announcement().await);
    let (io, mut peer) = pair(Options::default()).unwrap();
    let mut socket = wrap(io, info);
    peer.send("~heartbeat:ping you").await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_server_confirms_only_where_there_is_no_ping() {
    for (liveness, confirmed) in
        [(Liveness::None, true), (Liveness::PingPong, false), (Liveness::Builtin, false)]
    {
        let headers = confirmation(liveness, announcement().await).await;
        assert_eq!(headers.contains_key("plimsoll-heartbeat"), confirmed, "{liveness:?}");
    }
    assert!(confirmation(Liveness::None, HeaderMap::new()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn connections_made_together_do_not_ask_together() {
    let mut times = Vec::new();
    for _ in 0..8 {
        let start = Instant::now();
        let (_socket, mut peer) = connect(Liveness::PingPong);
        peer.recv().await.unwrap().unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    times.dedup();
    assert!(times.len() > 4, "{times:?}");
    assert!(times.iter().all(|time| *time <= INTERVAL + MS), "{times:?}");
}

#[test]
fn a_wrong_option_is_named() {
    let second = Duration::from_secs(1);
    for (heartbeat, option) in [
        (Heartbeat::every(Duration::ZERO), "interval"),
        (Heartbeat::every(Duration::MAX), "interval"),
        (Heartbeat::every(second).timeout(second * 2), "timeout"),
        (Heartbeat::default().timeout(Duration::ZERO), "timeout"),
        (Heartbeat::default().jitter(1.0), "jitter"),
        (Heartbeat::default().jitter(-0.1), "jitter"),
        (Heartbeat::default().jitter(f64::NAN), "jitter"),
    ] {
        let error = heartbeat.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
    for good in
        [Heartbeat::default(), Heartbeat::every(second), Heartbeat::every(second).jitter(0.0)]
    {
        assert!(good.check().is_ok(), "{good:?}");
    }
}

/// A socket with the plugin, and the bare other end.
fn connect(liveness: Liveness) -> (Socket, BoxDuplex) {
    connect_over(liveness, Options::default())
}

fn connect_over(liveness: Liveness, options: Options) -> (Socket, BoxDuplex) {
    let (io, peer) = pair(options).unwrap();
    (wrap(io, info(liveness)), peer)
}

/// Two sockets with the plugin, after a handshake on a transport without a ping.
async fn connect_both(options: Options) -> (Socket, Socket) {
    let request = announcement().await;
    let response = confirmation(Liveness::None, request.clone()).await;
    let (one, other) = pair(options).unwrap();
    let client = wrap(one, info(Liveness::None).with_headers(response));
    (client, wrap(other, info(Liveness::None).with_headers(request)))
}

fn wrap(io: BoxDuplex, mut info: Info) -> Socket {
    let io = Heartbeat::default().wrap(io, &mut info);
    Socket::spawn(io, info, SocketOptions::default())
}

fn info(liveness: Liveness) -> Info {
    let capabilities = Capabilities::FULL.with_liveness(liveness);
    Info::new("test", capabilities, Uri::from_static("/"))
}

/// The headers of a client's request.
async fn announcement() -> HeaderMap {
    let mut dial = Dial::new("test://host");
    Heartbeat::default().dial(&mut dial).await.unwrap();
    dial.headers
}

/// The headers of a server's response.
async fn confirmation(liveness: Liveness, request: HeaderMap) -> HeaderMap {
    let capabilities = Capabilities::FULL.with_liveness(liveness);
    let mut handshake =
        Handshake::new("test", capabilities, Uri::from_static("/")).with_headers(request);
    Heartbeat::default().handshake(&mut handshake).await.unwrap();
    std::mem::take(handshake.response_headers_mut())
}

/// Waits for a ping and answers it; returns its payload.
async fn answer_one(peer: &mut BoxDuplex) -> bytes::Bytes {
    loop {
        if let Frame::Ping(payload) = peer.recv().await.unwrap().unwrap() {
            peer.send(Frame::Pong(payload.clone())).await.unwrap();
            return payload;
        }
    }
}

fn far() -> Options {
    Options::default().faults(Faults::seeded(1).latency(LATENCY))
}

const MS: Duration = Duration::from_millis(1);
