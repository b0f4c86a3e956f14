//! Sockets in servers that have routes and middleware of their own.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Router, serve};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use plimsoll::{
    Body, Dial, Dialer, Endpoint, Error, HttpService, HttpServiceBuilder, Origins, PeerAddr,
    Plugin, Socket,
};
use plimsoll_http::Server;
use plimsoll_websocket::WebSocket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tower_service::Service;

#[derive(Clone)]
struct User(String);

/// Answers with what it knows of who says something.
async fn tell(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        let info = socket.info();
        let answer = match message.as_text().unwrap() {
            "user" => info.get().map_or("nobody".to_owned(), |User(name)| name.clone()),
            "peer" => info.peer().unwrap().ip().unwrap().to_string(),
            "query" => info.query("q").unwrap_or_default(),
            other => other.to_owned(),
        };
        socket.send(answer).await.unwrap();
    }
}

/// Sockets at `path`, for pages of the same host and for programs.
fn sockets(path: &str) -> HttpServiceBuilder {
    let endpoint = Endpoint::builder().handle(tell).unwrap();
    HttpService::builder(endpoint)
        .at(path, WebSocket::new())
        .origins(Origins::same_host().or_absent())
}

/// A server with a route of its own at `/old`, and sockets at `/realtime/ws`.
struct Site {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Site {
    /// The same site in each kind of server.
    async fn all(configure: impl Fn(HttpServiceBuilder) -> HttpServiceBuilder) -> [Self; 3] {
        let nested = || configure(sockets("/ws")).build().unwrap();
        let beside = configure(sockets("/realtime/ws")).build().unwrap();
        [
            Self::axum(application(nested())).await,
            Self::axum_in_our_server(application(nested())).await,
            Self::hyper(beside).await,
        ]
    }

    async fn axum(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = router.layer(from_fn(tell_address));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { serve(listener, service).await.unwrap() });
        Self { addr, task }
    }

    async fn axum_in_our_server(router: Router) -> Self {
        let server = Server::new(router).bind("127.0.0.1:0").await.unwrap();
        let addr = server.local_addr();
        let task = tokio::spawn(async move { server.serve().await.unwrap() });
        Self { addr, task }
    }

    async fn hyper(sockets: HttpService) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut server = auto::Builder::new(TokioExecutor::new());
        server.http2().enable_connect_protocol();
        let task = tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let (server, sockets) = (server.clone(), sockets.clone());
                let service = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(PeerAddr::Ip(peer));
                    route(request, sockets.clone())
                });
                tokio::spawn(async move {
                    let stream = TokioIo::new(stream);
                    let _ = server.serve_connection_with_upgrades(stream, service).await;
                });
            }
        });
        Self { addr, task }
    }

    fn url(&self) -> String {
        format!("ws://{}/realtime/ws", self.addr)
    }

    /// Makes a request by hand: the status, and all of the response in lower case.
    async fn request(&self, method: &str, path: &str, headers: &str) -> (StatusCode, String) {
        let Self { addr, .. } = self;
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let status = response.split(' ').nth(1).unwrap().parse().unwrap();
        (status, response.to_lowercase())
    }

    /// Asks for a WebSocket by hand: the status.
    async fn upgrade(&self, path: &str, headers: &str) -> StatusCode {
        let Self { addr, .. } = self;
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             {headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; "HTTP/1.1 101".len()];
        stream.read_exact(&mut status).await.unwrap();
        StatusCode::from_bytes(&status["HTTP/1.1 ".len()..]).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn application(sockets: HttpService) -> Router {
    Router::new()
        .route("/old", get("old route"))
        .nest_service("/realtime", sockets)
        .layer(from_fn(tell_user))
}

/// Lets no guests in, and signs what it has seen.
async fn tell_user(mut request: Request, next: Next) -> Response {
    if let Some(name) = request.headers().get("x-user") {
        if name == "guest" {
            return StatusCode::PAYMENT_REQUIRED.into_response();
        }
        let name = name.to_str().unwrap().to_owned();
        request.extensions_mut().insert(User(name));
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-seen", HeaderValue::from_static("yes"));
    response
}

async fn tell_address(
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(PeerAddr::Ip(address));
    next.run(request).await
}

/// The same in bare hyper.
async fn route(
    mut request: Request<Incoming>,
    mut sockets: HttpService,
) -> Result<Response<Body>, Infallible> {
    if let Some(name) = request.headers().get("x-user") {
        if name == "guest" {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::PAYMENT_REQUIRED;
            return Ok(response);
        }
        let name = name.to_str().unwrap().to_owned();
        request.extensions_mut().insert(User(name));
    }
    let mut response = match request.uri().path() {
        "/old" => Response::new(Bytes::from("old route").into()),
        _ => sockets.call(request).await?,
    };
    response.headers_mut().insert("x-seen", HeaderValue::from_static("yes"));
    Ok(response)
}

/// Adds headers to a dial.
struct Headers(Vec<(&'static str, &'static str)>);

#[async_trait]
impl Plugin for Headers {
    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        for (name, value) in &self.0 {
            let name = HeaderName::from_static(name);
            dial.headers.append(name, HeaderValue::from_static(value));
        }
        Ok(())
    }
}

async fn connect(
    url: &str,
    http2: bool,
    headers: &[(&'static str, &'static str)],
) -> Result<Socket, Error> {
    let dialer = Dialer::builder()
        .transport(WebSocket::connector().http2(http2))
        .plugin(Headers(headers.to_vec()))
        .build()?;
    dialer.connect(url).await
}

async fn ask(socket: &mut Socket, question: &str) -> String {
    socket.sender().send(question).await.unwrap();
    socket.recv().await.unwrap().unwrap().as_text().unwrap().to_owned()
}

#[tokio::test]
async fn routes_that_were_there_before_stay_as_they_were() {
    for site in Site::all(|service| service).await {
        let (status, response) = site.request("GET", "/old", "").await;
        assert_eq!(status, 200);
        assert!(response.ends_with("\r\n\r\nold route"), "{response}");
        assert!(response.contains("\r\nx-seen: yes\r\n"), "{response}");
        // An upgrade that nobody takes up is no reason to fail.
        let upgrade = "upgrade: websocket\r\n";
        assert_eq!(site.request("GET", "/old", upgrade).await.0, 200);
    }
}

#[tokio::test]
async fn paths_end_at_a_boundary() {
    for site in Site::all(|service| service).await {
        for path in
            ["/", "/older", "/realtime", "/realtime/", "/realtimex/ws", "/ws", "/realtime/wsx"]
        {
            assert_eq!(site.request("GET", path, "").await.0, 404, "{path}");
            assert_eq!(site.upgrade(path, "").await, 404, "{path}");
        }
        for path in ["/realtime/ws", "/realtime/ws/", "/realtime/ws/room?q=1"] {
            assert_eq!(site.upgrade(path, "").await, 101, "{path}");
            let (status, _) = site.request("GET", path, "").await;
            assert!(status.is_client_error() && status != 404, "{path}: {status}");
        }
    }
}

#[tokio::test]
async fn sockets_live_below_a_path_over_http_1_and_http_2() {
    for site in Site::all(|service| service).await {
        for http2 in [false, true] {
            let url = format!("{}?q=a%20b", site.url());
            let mut socket = connect(&url, http2, &[]).await.unwrap();
            assert_eq!(ask(&mut socket, "ahoy").await, "ahoy");
            assert_eq!(ask(&mut socket, "query").await, "a b");
            assert_eq!(ask(&mut socket, "user").await, "nobody");
            assert_eq!(socket.info().headers()["x-seen"], "yes", "middleware sees the handshake");
        }
    }
}

#[tokio::test]
async fn clients_of_another_library_are_served() {
    for site in Site::all(|service| service).await {
        let mut request = site.url().into_client_request().unwrap();
        request.headers_mut().insert("x-user", HeaderValue::from_static("alice"));
        let (mut socket, response) = connect_async(request).await.unwrap();
        assert_eq!(response.headers()["x-seen"], "yes");
        for (question, answer) in [("ahoy", "ahoy"), ("user", "alice"), ("peer", "127.0.0.1")] {
            socket.send(Message::text(question)).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(answer));
        }
        socket.close(None).await.unwrap();
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
        assert!(socket.next().await.is_none(), "the server ends the connection");
    }
}

#[tokio::test]
async fn values_from_middleware_reach_the_handler() {
    for site in Site::all(|service| service).await {
        for http2 in [false, true] {
            for user in ["alice", "bob"] {
                let headers = [("x-user", user)];
                let mut socket = connect(&site.url(), http2, &headers).await.unwrap();
                assert_eq!(ask(&mut socket, "user").await, user);
            }
        }
    }
}

#[tokio::test]
async fn middleware_turns_connections_away() {
    for site in Site::all(|service| service).await {
        for http2 in [false, true] {
            let error = connect(&site.url(), http2, &[("x-user", "guest")]).await.unwrap_err();
            assert_eq!(error.reject().unwrap().status(), StatusCode::PAYMENT_REQUIRED);
        }
    }
}

#[tokio::test]
async fn only_pages_of_known_origins_connect() {
    for site in Site::all(|service| service).await {
        let same = format!("origin: http://{}\r\n", site.addr);
        for (origin, expected) in [
            (&*same, 101),
            ("", 101),
            ("origin: http://evil.example\r\n", 403),
            ("origin: null\r\n", 403),
        ] {
            assert_eq!(site.upgrade("/realtime/ws", origin).await, expected, "{origin}");
        }
    }
    let listed =
        |service: HttpServiceBuilder| service.origins(Origins::list(["https://chat.example"]));
    for site in Site::all(listed).await {
        for (origin, expected) in [
            ("origin: https://chat.example\r\n", 101),
            ("origin: http://chat.example\r\n", 403),
            ("origin: https://evil-chat.example\r\n", 403),
            ("", 403),
        ] {
            assert_eq!(site.upgrade("/realtime/ws", origin).await, expected, "{origin}");
        }
        // Over HTTP/2 the same holds.
        for (origin, admitted) in [("https://chat.example", true), ("https://evil.example", false)]
        {
            let connected = connect(&site.url(), true, &[("origin", origin)]).await;
            assert_eq!(connected.is_ok(), admitted, "{origin}");
        }
    }
}

#[tokio::test]
async fn only_trusted_proxies_say_who_the_peer_is() {
    const CLIENT: &str = "203.0.113.7";
    let proxy: IpAddr = "127.0.0.1".parse().unwrap();
    let other: IpAddr = "10.0.0.1".parse().unwrap();
    for (trusted, forwarded, expected) in [
        (vec![], CLIENT, "127.0.0.1"),
        (vec![other], CLIENT, "127.0.0.1"),
        (vec![proxy], CLIENT, CLIENT),
        (vec![proxy], "6.6.6.6, 203.0.113.7", CLIENT),
        (vec![proxy, other], "6.6.6.6, 203.0.113.7, 10.0.0.1", CLIENT),
        (vec![proxy], "203.0.113.7, nonsense", "127.0.0.1"),
    ] {
        for site in Site::all(|service| service.trusted_proxies(trusted.clone())).await {
            for http2 in [false, true] {
                let headers = [("x-forwarded-for", forwarded)];
                let mut socket = connect(&site.url(), http2, &headers).await.unwrap();
                assert_eq!(ask(&mut socket, "peer").await, expected, "{forwarded}");
            }
        }
    }
}

/// Serves a connection by a handler that the request chose.
async fn room(
    State(sockets): State<HttpService>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let mut sockets = sockets.with_handler(move |socket: Socket| {
        let welcome = format!("welcome to {name}");
        async move { socket.send(welcome).await.unwrap() }
    });
    sockets.call(request).await.into_response()
}

#[tokio::test]
async fn a_route_chooses_the_handler() {
    let service = sockets("/").build().unwrap();
    let router = Router::new().route("/rooms/{name}", any(room)).with_state(service);
    let site = Site::axum(router).await;
    for http2 in [false, true] {
        for name in ["kitchen", "attic"] {
            let url = format!("ws://{}/rooms/{name}", site.addr);
            let mut socket = connect(&url, http2, &[]).await.unwrap();
            let message = socket.recv().await.unwrap().unwrap();
            assert_eq!(message.as_text(), Some(&*format!("welcome to {name}")));
        }
    }
    assert_eq!(site.upgrade("/rooms", "").await, 404);
}
