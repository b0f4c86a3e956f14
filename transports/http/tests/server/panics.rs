//! A service that panics.

use http::Request;
use plimsoll_http::Server;
use tokio::io::AsyncWriteExt;

use crate::common::{App, closed, get, response, serve, within};

#[tokio::test]
async fn a_panic_costs_its_own_connection_and_is_counted() {
    let server = serve(Server::new(App::new()).max_connections(2)).await;
    let mut other = server.send(get("/")).await;
    assert_eq!(response(&mut other).await.0, 200);
    assert_eq!(server.handle.panics(), 0);
    // More of them than connections are allowed: each gives its place back.
    for count in 1..=10 {
        let mut stream = server.send(get("/panic")).await;
        assert!(closed(&mut stream).await.is_empty());
        assert_eq!(server.handle.panics(), count);
    }
    other.write_all(get("/").as_bytes()).await.unwrap();
    assert_eq!(response(&mut other).await.0, 200);
}

#[tokio::test]
async fn over_http_2_a_panic_costs_its_own_stream() {
    let app = App::new();
    let server = serve(Server::new(app.clone())).await;
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let mut send = |path| {
        let request = Request::get(format!("http://localhost{path}")).body(()).unwrap();
        client.send_request(request, true).unwrap().0
    };
    let slow = send("/slow");
    let error = within(send("/panic")).await.unwrap_err();
    assert!(error.is_reset() && error.is_remote(), "{error:?}");
    assert_eq!(server.handle.panics(), 1);
    app.answers.add_permits(1);
    assert_eq!(within(slow).await.unwrap().status(), 200);
    assert_eq!(within(send("/")).await.unwrap().status(), 200);
}
