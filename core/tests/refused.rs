//! What plugins learn of connections that are turned away.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{StatusCode, Uri};
use plimsoll::{Capabilities, Endpoint, Handshake, Info, Plugin, Reject, Shutdown};

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
