//! An application in axum with routes, state and middleware of its own. A service of sockets is
//! nested in it, behind the same middleware.
//!
//! ```sh
//! cargo run --example axum -- 3000
//! curl http://127.0.0.1:3000/whoami --cookie session=wonderland
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Router, serve};
use plimsoll::{Endpoint, HttpService, Origins, PeerAddr, Shutdown, Socket};
use plimsoll_websocket::WebSocket;
use tokio::net::TcpListener;
use tokio::signal::{ctrl_c, unix};

#[derive(Clone)]
struct User(String);

type Sessions = Arc<HashMap<&'static str, User>>;

/// Lets in requests of users who have logged in.
async fn authenticate(
    State(sessions): State<Sessions>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let session = session(request.headers()).and_then(|id| sessions.get(id));
    let user = session.ok_or(StatusCode::UNAUTHORIZED)?.clone();
    // Whatever is in a request's extensions is there in `Socket::info`, too.
    request.extensions_mut().insert(user);
    request.extensions_mut().insert(PeerAddr::Ip(address));
    Ok(next.run(request).await)
}

/// The session's id in the cookies.
fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get("cookie")?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))
}

async fn whoami(Extension(User(name)): Extension<User>) -> String {
    name
}

/// Says back what it hears, and who said so from where.
async fn echo(mut socket: Socket) {
    let User(name) = socket.info().get().cloned().expect("the middleware put it there");
    let address = socket.info().peer().cloned().expect("the middleware put it there");
    while let Some(Ok(message)) = socket.recv().await {
        let Some(text) = message.as_text() else { continue };
        if socket.send(format!("{name} at {address}: {text}")).await.is_err() {
            break;
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = Endpoint::builder().handle(echo)?;
    let sockets = HttpService::builder(endpoint.clone())
        .at("/ws", WebSocket::new())
        .origins(Origins::same_host().or_absent())
        .build()?;
    let sessions: Sessions = Arc::new(HashMap::from([("wonderland", User("alice".into()))]));
    let app = Router::new()
        .route("/whoami", get(whoami))
        .nest_service("/realtime", sockets)
        .route_layer(from_fn_with_state(Arc::clone(&sessions), authenticate))
        .route("/health", get("well"))
        .with_state(sessions);

    let port = std::env::args().nth(1).map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    println!("listening on http://{}", listener.local_addr()?);
    // Small messages go out at once.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            tokio::select! { _ = ctrl_c() => {}, _ = terminate.recv() => {} }
            // Sockets first, while requests are still answered: new ones get status 503.
            endpoint.shutdown(Shutdown::default()).await;
        })
        .await?;
    Ok(())
}
