//! What is tried on all transports at once.

use http::header::ORIGIN;
use http::{HeaderValue, StatusCode};
use plimsoll::{Dial, SlowPolicy, Socket};
use plimsoll_rooms::Rooms;

use crate::ground::{Ground, Stack, Transport};

#[tokio::test]
async fn members_of_a_room_hear_each_other_without_plugins() {
    members_of_a_room_hear_each_other(Stack::Plain).await;
}

#[tokio::test]
async fn members_of_a_room_hear_each_other_with_all_plugins() {
    members_of_a_room_hear_each_other(Stack::Full).await;
}

async fn members_of_a_room_hear_each_other(stack: Stack) {
    let rooms = Rooms::new();
    let chat = {
        let rooms = rooms.clone();
        move |mut socket: Socket| {
            let rooms = rooms.clone();
            async move {
                let id = socket.info().id();
                rooms.join("lobby", socket.sender()).unwrap();
                socket.send("come in").await.unwrap();
                while let Some(Ok(message)) = socket.recv().await {
                    rooms.to("lobby").except(id).send(message);
                }
            }
        }
    };
    let endpoint = stack.endpoint().plugin(rooms.clone()).handle(chat).unwrap();
    let ground = Ground::serve(endpoint).await;
    let mut members = connect_all(&ground, stack).await;
    assert_eq!(rooms.len("lobby"), Transport::ALL.len());

    for speaker in 0..members.len() {
        let said = format!("said over {:?}", Transport::ALL[speaker]);
        members[speaker].send(said.as_str()).await.unwrap();
        for (listener, member) in members.iter_mut().enumerate() {
            if listener != speaker {
                assert_eq!(next(member).await, said, "{:?}", Transport::ALL[listener]);
            }
        }
    }

    while let Some(mut member) = members.pop() {
        let mut events = rooms.events();
        member.close(plimsoll::Close::normal());
        assert!(member.recv().await.is_none(), "nobody hears himself");
        while rooms.len("lobby") > members.len() {
            events.recv().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_broadcast_reaches_every_transport() {
    for stack in [Stack::Plain, Stack::Full] {
        let wait = async |mut socket: Socket| {
            socket.send("come in").await.unwrap();
            while socket.recv().await.is_some() {}
        };
        let ground = Ground::serve(stack.endpoint().handle(wait).unwrap()).await;
        let mut sockets = connect_all(&ground, stack).await;
        assert_eq!(ground.endpoint.broadcast("all hands", SlowPolicy::Close), sockets.len());
        for socket in &mut sockets {
            assert_eq!(next(socket).await, "all hands");
        }
    }
}

#[tokio::test]
async fn pages_of_other_sites_connect_over_no_transport() {
    let wait = async |mut socket: Socket| while socket.recv().await.is_some() {};
    let ground = Ground::serve(Stack::Plain.endpoint().handle(wait).unwrap()).await;
    for transport in Transport::ALL.into_iter().filter(|transport| transport.is_http()) {
        let dialer = ground.dialer(transport, Stack::Plain.dialer(transport));
        let mut dial = Dial::new(ground.url(transport));
        dial.headers.insert(ORIGIN, HeaderValue::from_static("https://elsewhere.example"));
        let error = dialer.open(dial).await.err().unwrap();
        assert_eq!(error.reject().unwrap().status(), StatusCode::FORBIDDEN, "{transport:?}");
    }
    assert_eq!(ground.endpoint.connections(), 0);
}

/// A client over each transport, all of them welcomed.
async fn connect_all(ground: &Ground, stack: Stack) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for transport in Transport::ALL {
        let mut socket = ground.connect(transport, stack).await;
        assert_eq!(next(&mut socket).await, "come in");
        sockets.push(socket);
    }
    sockets
}

async fn next(socket: &mut Socket) -> String {
    socket.recv().await.unwrap().unwrap().as_text().unwrap().to_owned()
}
