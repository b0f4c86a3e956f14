//! Events in the format that a connection has agreed on.

use plimsoll::{Dialer, Endpoint, Socket};
use plimsoll_encoding::{Codecs, Json, MessagePack};
use plimsoll_events::{Dialect, Events};
use plimsoll_memory::Memory;
use plimsoll_rooms::Rooms;

#[tokio::test]
async fn events_and_requests_travel_in_the_format_of_the_connection() {
    for dialect in [Dialect::Plimsoll, Dialect::PrimusEmitter] {
        let events = Events::builder()
            .dialect(dialect)
            .on_request("sum", async |_, (left, right): (i64, i64)| Ok(left + right))
            .build()
            .unwrap();
        let memory = Memory::new();
        let served = events.clone();
        serve(&memory, move |socket| served.clone().serve(socket));
        let socket = dialer(&memory, Codecs::new(MessagePack)).connect("mem://here").await.unwrap();
        let socket = events.attach(socket);
        let peer = socket.peer().clone();
        assert!(peer.message("news", &()).unwrap().is_binary());
        tokio::spawn(socket.run());
        assert_eq!(peer.request::<i64, _>("sum", &(2, 3)).await.unwrap(), 5, "{dialect:?}");
    }
}

#[tokio::test]
async fn an_event_for_a_room_is_encoded_for_each_format() {
    let rooms = Rooms::new();
    let events = Events::builder()
        .on("join", {
            let rooms = rooms.clone();
            move |peer, room: String| {
                rooms.join(&room, peer.sender()).unwrap();
                async move { peer.emit("joined", &room).await.unwrap() }
            }
        })
        .build()
        .unwrap();
    let memory = Memory::new();
    let served = events.clone();
    serve_with(&memory, rooms.clone(), move |socket| served.clone().serve(socket));
    let mut binary = dialer(&memory, Codecs::new(MessagePack)).connect("mem://here").await.unwrap();
    let mut text = dialer(&memory, Codecs::new(Json)).connect("mem://here").await.unwrap();
    for socket in [&mut binary, &mut text] {
        let codec = socket.info().get::<plimsoll_encoding::AnyCodec>().unwrap().clone();
        let event = events.event("join", "news").unwrap();
        socket.send(plimsoll_encoding::Codec::encode(&codec, &event).unwrap()).await.unwrap();
        socket.recv().await.unwrap().unwrap();
    }

    rooms.to("news").send_value(&events.event("news", &(1, "one")).unwrap()).unwrap();
    let expected = r#"{"event":"news","data":[1,"one"]}"#;
    assert_eq!(text.recv().await.unwrap().unwrap().as_text(), Some(expected));
    assert!(binary.recv().await.unwrap().unwrap().is_binary());

    let message = events.message("news", &(1, "one")).unwrap();
    rooms.to("news").send(message);
    assert_eq!(text.recv().await.unwrap().unwrap().as_text(), Some(expected));
}

fn serve<F>(memory: &Memory, handler: impl Fn(Socket) -> F + Send + Sync + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    serve_with(memory, Rooms::new(), handler);
}

fn serve_with<F>(
    memory: &Memory,
    rooms: Rooms,
    handler: impl Fn(Socket) -> F + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let codecs = Codecs::new(Json).or(MessagePack);
    let endpoint = Endpoint::builder().plugin(codecs).plugin(rooms).handle(handler).unwrap();
    let listener = memory.listen("here").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
}

fn dialer(memory: &Memory, codecs: Codecs) -> Dialer {
    Dialer::builder().transport(memory.connector()).plugin(codecs).build().unwrap()
}
