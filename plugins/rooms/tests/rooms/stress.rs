use std::collections::HashSet;

use plimsoll::{Close, ConnectionId, Sender, SocketOptions};
use plimsoll_rooms::{Event, Events, Options, Rooms};
use tokio::task::JoinSet;

use crate::stage::{Peer, Stage, sorted};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn steady_members_lose_nothing_while_others_come_and_go() {
    let rooms = Rooms::with_options(Options::default().events(1 << 17)).unwrap();
    let books = tokio::spawn(keep_books(rooms.events()));
    // The outboxes of the steady members have room for all that is said.
    let socket = SocketOptions::default().outbox_bytes(SPEAKERS * MESSAGES * 128);
    let mut stage = Stage::with_plugins(|builder| builder.socket(socket).plugin(rooms.clone()));

    let (mut steady, mut listeners) = (Vec::new(), JoinSet::new());
    for _ in 0..STEADY {
        let (member, peer) = stage.connect().await;
        rooms.join("steady", &member).unwrap();
        listeners.spawn(listen(peer));
        steady.push(member);
    }
    let mut restless = JoinSet::new();
    for seed in 0..RESTLESS {
        let (member, peer) = stage.connect().await;
        restless.spawn(wander(rooms.clone(), member, peer, seed));
    }
    let mut speakers = JoinSet::new();
    for speaker in 0..SPEAKERS {
        speakers.spawn(speak(rooms.clone(), speaker));
    }
    speakers.join_all().await;
    restless.join_all().await;
    for _ in 0..RESTLESS {
        stage.closed().await;
    }
    assert_eq!(rooms.names(), ["steady"]);
    assert_eq!(sorted(ids(&rooms.members("steady"))), sorted(ids(&steady)));
    steady.iter().for_each(|member| assert_eq!(rooms.of(member.info().id()), ["steady"]));

    steady.iter().for_each(|member| member.close(Close::normal()));
    for heard in listeners.join_all().await {
        assert_eq!(heard, [MESSAGES; SPEAKERS]);
    }
    for _ in 0..STEADY {
        stage.closed().await;
    }
    assert_eq!(rooms.names(), [""; 0]);
    assert_eq!(rooms.to_all().send("anybody?").sent, 0);
    drop((rooms, stage));
    assert_eq!(books.await.unwrap(), HashSet::new());
}

/// Joins and leaves rooms at random, is broadcast to, and disconnects.
async fn wander(rooms: Rooms, member: Sender, mut peer: Peer, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let reading = tokio::spawn(async move { while peer.recv().await.is_some() {} });
    let id = member.info().id();
    for _ in 0..STEPS {
        let room = random.choice(["steady", "a", "b", "c"]).unwrap();
        match random.u8(0..8) {
            0..3 => drop(rooms.join(room, &member)),
            3..6 => drop(rooms.leave(room, id)),
            6 => drop(rooms.leave_all(id)),
            _ => drop(rooms.to("a").to("b").to("c").send("noise")),
        }
        tokio::task::yield_now().await;
    }
    match random.bool() {
        true => member.close(Close::normal()),
        false => reading.abort(),
    }
}

/// Sends its numbers in order.
async fn speak(rooms: Rooms, speaker: usize) {
    for number in 0..MESSAGES {
        let delivery = rooms.to("steady").to("a").send(format!("{speaker} {number}"));
        assert!(delivery.sent >= STEADY, "{delivery:?}");
        tokio::task::yield_now().await;
    }
}

/// Counts what each speaker said; all of it must come, in order.
async fn listen(mut peer: Peer) -> [usize; SPEAKERS] {
    let mut heard = [0; SPEAKERS];
    while let Some(text) = peer.text().await {
        let Some((speaker, number)) = text.split_once(' ') else { continue };
        let Ok(speaker) = speaker.parse::<usize>() else { continue };
        assert_eq!(number.parse(), Ok(heard[speaker]));
        heard[speaker] += 1;
    }
    heard
}

/// Follows the events; returns who would still be in a room.
async fn keep_books(mut events: Events) -> HashSet<(String, ConnectionId)> {
    let mut books = HashSet::new();
    while let Some(event) = events.recv().await {
        match event {
            Event::Joined { room, member } => {
                assert!(books.insert((room.to_string(), member.info().id())), "joined twice");
            }
            Event::Left { room, member } => {
                assert!(books.remove(&(room.to_string(), member.info().id())), "left twice");
            }
            other => panic!("{other:?}"),
        }
    }
    books
}

fn ids(members: &[Sender]) -> Vec<ConnectionId> {
    members.iter().map(|member| member.info().id()).collect()
}

const STEADY: usize = 8;
const RESTLESS: u64 = 32;
const SPEAKERS: usize = 4;
const MESSAGES: usize = 300;
const STEPS: usize = 400;
