use http::Uri;
use plimsoll::{Capabilities, Dialer, Endpoint, Error, ErrorKind, Handshake, Plugin, Socket};
use plimsoll_encoding::{AnyCodec, Cbor, Codec, Codecs, Json, MessagePack, TypedExt};
use plimsoll_memory::Memory;

#[tokio::test(start_paused = true)]
async fn peers_agree_on_a_codec() {
    // What the client has, what it appends to the URL, and what both sides choose.
    let table = [
        (Some(Codecs::new(MessagePack)), "", "msgpack"),
        (Some(Codecs::new(MessagePack).or(Json)), "", "msgpack"),
        (Some(Codecs::new(Cbor).or(MessagePack)), "", "msgpack"),
        (Some(Codecs::new(MessagePack).in_query()), "", "msgpack"),
        (Some(Codecs::new(MessagePack).in_query()), "?user=ann", "msgpack"),
        (Some(Codecs::new(Json)), "", "json"),
        (None, "", "json"),
    ];
    let memory = serve(Codecs::new(Json).or(MessagePack)).unwrap();
    for (codecs, query, chosen) in table {
        let story = format!("{codecs:?} {query}");
        let mut builder = Dialer::builder().transport(memory.connector());
        if let Some(codecs) = codecs {
            builder = builder.plugin(codecs);
        }
        let dialer = builder.build().unwrap();
        let socket = dialer.connect(&format!("mem://server/{query}")).await.unwrap();
        let mut socket = socket.typed::<String, ()>();
        assert_eq!(socket.codec().name(), chosen, "{story}");
        assert_eq!(socket.recv().await.unwrap().unwrap(), chosen, "{story}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_demands_an_unknown_codec_is_turned_away_and_told_what_is_known() {
    let memory = serve(Codecs::new(Json).or(MessagePack)).unwrap();
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    let error = dialer.connect("mem://server/?codec=xml").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let reject = error.reject().unwrap();
    assert_eq!(reject.status(), 400);
    assert!(format!("{reject:?}").contains("json, msgpack"), "{reject:?}");
}

#[tokio::test]
async fn a_transport_without_binary_gets_a_text_codec() {
    let endpoint = Endpoint::builder()
        .plugin(Codecs::new(MessagePack).or(Json))
        .handle(async |_: Socket| {})
        .unwrap();
    let text_only = Capabilities::FULL.with_binary(false);
    let knock = |uri| Handshake::new("test", text_only, Uri::from_static(uri));

    let offers = vec!["msgpack".to_owned()];
    let admission = endpoint.admit(knock("/").with_offered_protocols(offers)).await.unwrap();
    assert_eq!(admission.info().get::<AnyCodec>().unwrap().name(), "json");
    assert_eq!(admission.info().protocol(), None);
    assert_eq!(endpoint.admit(knock("/?codec=msgpack")).await.unwrap_err().status(), 400);
}

#[tokio::test]
async fn a_transport_without_binary_is_turned_away_if_there_is_no_text_codec() {
    let endpoint =
        Endpoint::builder().plugin(Codecs::new(MessagePack)).handle(async |_: Socket| {}).unwrap();
    let text_only = Capabilities::FULL.with_binary(false);
    let handshake = Handshake::new("test", text_only, Uri::from_static("/"));
    assert_eq!(endpoint.admit(handshake).await.unwrap_err().status(), 400);
}

#[test]
fn codecs_that_cannot_work_are_refused() {
    assert!(Codecs::new(Json).or(MessagePack).or(Cbor).check().is_ok());
    let table = [
        Codecs::new(Json).or(Json),
        Codecs::new(Named("")),
        Codecs::new(Named("two words")),
        Codecs::new(Named("a,b")),
        Codecs::new(Json.with_max_bytes(0)),
    ];
    for codecs in table {
        assert_eq!(codecs.check().unwrap_err().kind(), ErrorKind::Config, "{codecs:?}");
    }
}

/// A server whose handler says which codec it has.
fn serve(codecs: Codecs) -> Result<Memory, Error> {
    let memory = Memory::new();
    let endpoint = Endpoint::builder().plugin(codecs).handle(async |socket: Socket| {
        let socket = socket.typed::<(), String>();
        let name = socket.codec().name().to_owned();
        socket.send(name).await.unwrap();
    })?;
    let listener = memory.listen("server")?;
    tokio::spawn(async move { endpoint.listen(listener).await });
    Ok(memory)
}

/// JSON under another name.
#[derive(Clone)]
struct Named(&'static str);

impl Codec for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn encode<T: serde::Serialize + ?Sized>(&self, value: &T) -> Result<plimsoll::Message, Error> {
        Json.encode(value)
    }

    fn decode_seed<S, T>(&self, message: &plimsoll::Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> serde::de::DeserializeSeed<'de, Value = T>,
    {
        Json.decode_seed(message, seed)
    }
}
