use axum::Router;
use http::{Method, StatusCode};
use plimsoll::{Dialer, Endpoint, HttpService, Origins, Socket};
use plimsoll_http::Server;
use plimsoll_publish::Publish;
use plimsoll_rooms::Rooms;
use plimsoll_websocket::WebSocket;

use crate::ground::status_of;

#[tokio::test]
async fn the_service_has_a_route_beside_the_sockets() {
    let rooms = Rooms::new();
    let endpoint = Endpoint::builder().plugin(rooms.clone()).handle({
        let rooms = rooms.clone();
        move |mut socket: Socket| {
            rooms.join("news", socket.sender()).unwrap();
            async move { while let Some(Ok(_)) = socket.recv().await {} }
        }
    });
    let endpoint = endpoint.unwrap();
    let sockets = HttpService::builder(endpoint.clone())
        .at("/ws", WebSocket::new())
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    let publish = Publish::builder(endpoint, rooms.clone()).bearer("s3cret").build().unwrap();
    let app = Router::new().nest_service("/realtime", sockets).route_service("/publish", publish);
    let server = Server::new(app).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    tokio::spawn(server.serve());

    let mut events = rooms.events();
    let dialer = Dialer::builder().transport(WebSocket::connector()).build().unwrap();
    let mut socket = dialer.connect(&format!("ws://{address}/realtime/ws")).await.unwrap();
    events.recv().await.unwrap();
    let body = r#"{"rooms": ["news"], "text": "ahoy"}"#;
    let status = status_of(address, Method::POST, "/publish", body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(socket.recv().await.unwrap().unwrap().as_text(), Some("ahoy"));
    let status = status_of(address, Method::POST, "/realtime/ws", body).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
}
