//! axum's WebSocket support, as its documentation and its chat example show it.

use std::io;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use futures::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use super::BROADCAST;

pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    let (room, _) = broadcast::channel::<Utf8Bytes>(256);
    let router =
        Router::new().route(BROADCAST, any(subscribe)).fallback(any(upgrade)).with_state(room);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn subscribe(
    State(room): State<broadcast::Sender<Utf8Bytes>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(|socket| subscriber(socket, room))
}

async fn echo(mut socket: WebSocket) {
    while let Some(message) = socket.recv().await {
        let Ok(message) = message else { return };
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn subscriber(socket: WebSocket, room: broadcast::Sender<Utf8Bytes>) {
    let (mut sender, mut receiver) = socket.split();
    let mut subscription = room.subscribe();
    let mut sending = tokio::spawn(async move {
        while let Ok(text) = subscription.recv().await {
            if sender.send(Message::Text(text)).await.is_err() {
                return;
            }
        }
    });
    let mut receiving = tokio::spawn(async move {
        while let Some(Ok(Message::Text(text))) = receiver.next().await {
            if text.starts_with('B') {
                drop(room.send(text));
            }
        }
    });
    tokio::select! {
        _ = &mut sending => receiving.abort(),
        _ = &mut receiving => sending.abort(),
    }
}
