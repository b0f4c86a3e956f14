//! A service, and requests to it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use plimsoll::{Body, Endpoint, HttpService, Origins, Socket};
use plimsoll_http::Server;
use plimsoll_sockjs::{Options, SockJs, Transport};
use tower_service::Service as _;

pub(crate) const ALL: [Transport; 6] = [
    Transport::EventSource,
    Transport::HtmlFile,
    Transport::JsonpPolling,
    Transport::WebSocket,
    Transport::XhrPolling,
    Transport::XhrStreaming,
];

pub(crate) fn options() -> Options {
    Options::default().transports(ALL)
}

/// A service at `/echo`.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) endpoint: Endpoint,
    pub(crate) service: HttpService,
    pub(crate) sockjs: SockJs,
}

impl Ground {
    pub(crate) fn new(options: Options) -> Self {
        Self::with(options, Endpoint::builder().handle(echo).unwrap())
    }

    pub(crate) fn with(options: Options, endpoint: Endpoint) -> Self {
        let sockjs = SockJs::new().options(options);
        let service = HttpService::builder(endpoint.clone())
            .origins(Origins::any())
            .at("/echo", sockjs.clone())
            .build()
            .unwrap();
        Self { endpoint, service, sockjs }
    }

    /// Serves it on the network.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let server = Server::new(self.service.clone()).bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr();
        tokio::spawn(server.serve());
        address
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[], body).await
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/echo{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Body::from(bytes::Bytes::copy_from_slice(body.as_bytes()));
        self.call(request.body(body).unwrap()).await
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        Answer(self.service.clone().call(request).await.unwrap())
    }
}

pub(crate) async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// Lets everybody else do what there is to do.
pub(crate) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

pub(crate) struct Answer(Response<Body>);

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.header(CONTENT_TYPE.as_str())
    }

    /// The next chunk of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Option<String> {
        let body = self.0.body_mut();
        let frame = poll_fn(|cx| http_body::Body::poll_frame(Pin::new(body), cx)).await?;
        let data = frame.unwrap().into_data().unwrap();
        Some(String::from_utf8(data.into()).unwrap())
    }

    /// The rest of the body.
    pub(crate) async fn text(self) -> String {
        let body = self.0.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.into()).unwrap()
    }
}
