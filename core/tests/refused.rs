//! What plugins learn of connections that are turned away.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{StatusCode, Uri};
use plimsoll::{
    BoxDuplex, Capabilities, DuplexExt, Endpoint, Error, Frame, Handshake, Info, Plugin, Reject,
    Shutdown,
};
use plimsoll_memory::{Options, pair};

#[tokio::test(start_paused = true)]
async fn every_plugin_learns_who_was_turned_away_and_how() {
    let book = Book::default();
    let endpoint = Endpoint::builder()
        .max_connections(1)
        .plugin(book.clone())
        .plugin(Door)
        .plugin(book.clone())
        .handle(async |_| {})
        .unwrap();

    let admission = endpoint.admit(knock("/open")).await.unwrap();
    assert_eq!(book.entries(), []);
    endpoint.admit(knock("/open")).await.unwrap_err();
    drop(admission);
    endpoint.admit(knock("/shut")).await.unwrap_err();
    endpoint.shutdown(Shutdown::default()).await;
    endpoint.admit(knock("/open")).await.unwrap_err();

    let expected = [("/open", 503), ("/shut", 403), ("/open", 503)];
    let twice = expected.into_iter().flat_map(|entry| [entry, entry]);
    let twice: Vec<_> = twice.map(|(path, status)| (path.to_owned(), status)).collect();
    assert_eq!(book.entries(), twice);
}

#[tokio::test(start_paused = true)]
async fn a_transport_may_turn_away_whom_the_plugins_let_in() {
    let book = Book::default();
    let endpoint = Endpoint::builder()
        .max_connections(1)
        .plugin(book.clone())
        .handle(async |_| panic!("it was turned away"))
        .unwrap();
    let admission = endpoint.admit(knock("/open")).await.unwrap();
    let reject = admission.refuse(Reject::unavailable("no room", 1));
    assert_eq!(
        (reject.status(), &reject.body()[..]),
        (StatusCode::SERVICE_UNAVAILABLE, &b"no room"[..])
    );
    assert_eq!(book.entries(), [("/open".to_owned(), 503)]);
    endpoint.admit(knock("/open")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_plugin_may_turn_away_after_the_first_frames() {
    let book = Book::default();
    let endpoint = Endpoint::builder()
        .plugin(book.clone())
        .plugin(Password)
        .handle(async |_| panic!("it was turned away"))
        .unwrap();
    let admission = endpoint.admit(knock("/open")).await.unwrap();
    let (mut left, right) = pair(Options::default()).unwrap();
    left.send("wrong").await.unwrap();
    admission.spawn(async { Some(right) });
    let Frame::Close(close) = left.recv().await.unwrap().unwrap() else { panic!() };
    assert_eq!(u16::from(close.code), 4401);
    assert_eq!(book.entries(), [("/open".to_owned(), 401)]);
    assert_eq!(endpoint.panics(), 0);
}

/// Lets in nobody, but listens first.
struct Password;

#[async_trait]
impl Plugin for Password {
    async fn establish(&self, io: &mut BoxDuplex, _: &mut Info) -> Result<(), Error> {
        io.recv().await;
        Err(Reject::unauthorized("Bearer").into())
    }
}

/// Lets in who asks for `/open`.
struct Door;

#[async_trait]
impl Plugin for Door {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        match handshake.info().uri().path() {
            "/open" => Ok(()),
            _ => Err(Reject::new(StatusCode::FORBIDDEN, "shut")),
        }
    }
}

/// Writes down who was turned away, and with which status.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<(String, u16)>>>);

impl Book {
    fn entries(&self) -> Vec<(String, u16)> {
        self.0.lock().unwrap().clone()
    }
}

impl Plugin for Book {
    fn refused(&self, info: &Info, reject: &Reject) {
        let entry = (info.uri().path().to_owned(), reject.status().as_u16());
        self.0.lock().unwrap().push(entry);
    }
}

fn knock(path: &'static str) -> Handshake {
    Handshake::new("test", Capabilities::FULL, Uri::from_static(path))
}
