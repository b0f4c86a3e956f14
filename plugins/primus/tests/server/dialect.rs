//! What is said on a connection, word for word.

use std::sync::Arc;
use std::time::Duration;

use plimsoll::{
    Close, CloseCode, Dialer, Endpoint, HttpService, Liveness, Origins, Shutdown, Socket,
};
use plimsoll_encoding::{Codecs, Json, MessagePack, TypedExt};
use plimsoll_http::Server;
use plimsoll_primus::{Primus, PrimusId, parser};
use plimsoll_sockjs::{SockJs, SockJsConnector};
use plimsoll_websocket::WebSocket;
use tokio::sync::mpsc;

/// An endpoint behind Primus over WebSocket and, for JSON, SockJS.
async fn serve(endpoint: &Endpoint, primus: Primus) -> String {
    let service = HttpService::builder(endpoint.clone())
        .at("/primus", primus.over(WebSocket::new()))
        .at("/ws", WebSocket::new())
        .origins(Origins::any())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve());
    address
}

/// A client that knows nothing of Primus.
async fn plain(address: &str, path: &str) -> Socket {
    let dialer = Dialer::builder()
        .transport(WebSocket::connector())
        .transport(SockJsConnector::new())
        .build()
        .unwrap();
    let scheme = if path.contains("sockjs") { "sockjs+ws" } else { "ws" };
    dialer.connect(format!("{scheme}://{address}{path}")).await.unwrap()
}

async fn next(socket: &mut Socket) -> String {
    let message = socket.recv().await.expect("a message").unwrap();
    message.as_text().expect("text").to_owned()
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

#[tokio::test]
async fn the_id_is_that_of_the_info() {
    let (ids, mut told) = mpsc::channel(2);
    let endpoint = Endpoint::builder()
        .handle(move |socket: Socket| {
            let ids = ids.clone();
            async move {
                ids.send(socket.info().get::<PrimusId>().cloned()).await.unwrap();
                echo(socket).await;
            }
        })
        .unwrap();
    let address = serve(&endpoint, Primus::new()).await;
    let mut socket = plain(&address, "/primus").await;
    let id = told.recv().await.unwrap().expect("an id");
    socket.send("\"primus::id::\"").await.unwrap();
    assert_eq!(next(&mut socket).await, format!("\"primus::id::{id}\""));
    assert_eq!(id.as_str().len(), 22);

    let _other = plain(&address, "/ws").await;
    assert_eq!(told.recv().await.unwrap(), None, "not through Primus");
}

#[tokio::test]
async fn an_application_may_make_the_ids() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let primus =
        Primus::new().id_generator(|info| format!("ship \"{}\"", info.query("n").unwrap()));
    let address = serve(&endpoint, primus).await;
    let mut socket = plain(&address, "/primus?n=7").await;
    socket.send("\"primus::id::\"").await.unwrap();
    assert_eq!(next(&mut socket).await, r#""primus::id::ship \"7\"""#);
}

#[tokio::test]
async fn words_without_a_meaning_are_data_and_pongs_are_not() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let address = serve(&endpoint, Primus::new()).await;
    let mut socket = plain(&address, "/primus").await;
    socket.send("\"primus::pong::1\"").await.unwrap();
    let data = [
        "\"primus::ping::1\"",
        "\"primus::server::close\"",
        "\"primus::\"",
        "\"primus::unknown::x\"",
        "\"primus::id::\" trailing",
        "\"primus::pong::1",
        "[\"primus::id::\"]",
        "not JSON",
        "",
    ];
    for text in data {
        socket.send(text).await.unwrap();
    }
    for text in data {
        assert_eq!(next(&mut socket).await, text);
    }
}

#[tokio::test]
async fn who_comes_through_primus_has_its_format_and_others_have_theirs() {
    let endpoint = Endpoint::builder()
        .plugin(Codecs::new(Json))
        .handle(async |socket: Socket| {
            let mut socket = socket.typed::<u64, u64>();
            while let Some(Ok(number)) = socket.recv().await {
                let _ = socket.send(number + 1).await;
            }
        })
        .unwrap();
    let address = serve(&endpoint, Primus::new().parser(parser::MessagePack)).await;
    let socket = plain(&address, "/primus").await;
    let mut socket = socket.typed_with::<u64, u64, _>(MessagePack);
    socket.send(300).await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap(), 301);
    let mut socket = plain(&address, "/ws").await.typed_with::<u64, u64, _>(Json);
    socket.send(300).await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap(), 301);
}

#[tokio::test]
async fn only_who_shall_stay_away_is_told_so() {
    for (code, words) in [
        (CloseCode::NORMAL, Some("\"primus::server::close\"")),
        (CloseCode::POLICY, Some("\"primus::server::close\"")),
        (CloseCode::from(4401), Some("\"primus::server::close\"")),
        (CloseCode::GOING_AWAY, None),
        (CloseCode::SERVICE_RESTART, None),
        (CloseCode::TRY_AGAIN, None),
        (CloseCode::from(4000), None),
    ] {
        let endpoint = Endpoint::builder()
            .handle(move |socket: Socket| async move {
                socket.send("\"last\"").await.unwrap();
                socket.close(Close::new(code, ""));
            })
            .unwrap();
        let address = serve(&endpoint, Primus::new()).await;
        let mut socket = plain(&address, "/primus").await;
        let mut received = Vec::new();
        while let Some(Ok(message)) = socket.recv().await {
            received.push(message.as_text().unwrap().to_owned());
        }
        let expected: Vec<_> = ["\"last\""].into_iter().chain(words).collect();
        assert_eq!(received, expected, "{code}");
        assert_eq!(socket.sender().closed().await.code, code);
    }
}

#[tokio::test]
async fn a_handler_that_returns_means_it_and_a_shutdown_does_not() {
    let endpoint = Endpoint::builder()
        .handle(async |mut socket: Socket| {
            let _ = socket.recv().await;
        })
        .unwrap();
    let address = serve(&endpoint, Primus::new()).await;
    let mut returning = plain(&address, "/primus").await;
    let mut waiting = plain(&address, "/primus").await;
    returning.send("0").await.unwrap();
    assert_eq!(next(&mut returning).await, "\"primus::server::close\"");
    while endpoint.connections() < 1 {
        tokio::task::yield_now().await;
    }
    let shutdown = Shutdown::default().grace(Duration::from_secs(1));
    let (_, end) = tokio::join!(endpoint.shutdown(shutdown), waiting.recv());
    assert!(end.is_none(), "{end:?}");
    assert_eq!(waiting.sender().closed().await.code, CloseCode::GOING_AWAY);
}

#[tokio::test]
async fn a_close_over_sockjs_is_no_error_to_its_clients() {
    let endpoint = Endpoint::builder()
        .handle(async |socket: Socket| socket.close(Close::new(CloseCode::SERVICE_RESTART, "")))
        .unwrap();
    let service = HttpService::builder(endpoint)
        .at("/sockjs", Primus::new().over(SockJs::new()))
        .origins(Origins::any())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve());
    let mut socket = plain(&address, "/sockjs").await;
    assert!(socket.recv().await.is_none());
    assert_eq!(socket.sender().closed().await.code, CloseCode::NORMAL);
}

#[tokio::test]
async fn a_heartbeat_above_stands_down_where_primus_pings() {
    for (primus, expected) in [
        (Primus::new(), Liveness::Builtin),
        (Primus::new().ping_interval(None), Liveness::PingPong),
    ] {
        let (liveness, mut told) = mpsc::channel(1);
        let liveness = Arc::new(liveness);
        let endpoint = Endpoint::builder()
            .handle(move |socket: Socket| {
                let liveness = Arc::clone(&liveness);
                async move {
                    liveness.send(socket.info().capabilities().liveness).await.unwrap();
                }
            })
            .unwrap();
        let address = serve(&endpoint, primus).await;
        let _socket = plain(&address, "/primus").await;
        assert_eq!(told.recv().await, Some(expected));
    }
}

#[tokio::test]
async fn broken_binary_pack_costs_its_sender_only() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let address = serve(&endpoint, Primus::new().parser(parser::BinaryPack)).await;
    let mut good = plain(&address, "/primus").await;
    let mut bad = plain(&address, "/primus").await;
    bad.send(vec![0xd8, 0xff, 0xff]).await.unwrap();
    let words = bad.recv().await.expect("a message").unwrap();
    assert_eq!(words.as_bytes(), b"\xd8\x00\x15primus::server::close");
    assert!(bad.recv().await.is_none());
    assert_eq!(bad.sender().closed().await.code, CloseCode::INVALID_DATA);
    good.send(b"\xb2hi".to_vec()).await.unwrap();
    assert_eq!(good.recv().await.unwrap().unwrap().as_bytes(), b"\xb2hi");
}
