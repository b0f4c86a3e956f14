//! SockJS: the services that the suites of the protocol and of its JavaScript client expect.

use std::sync::OnceLock;
use std::time::Duration;

use clap::Args;
use plimsoll::{Close, Endpoint, Error, SlowPolicy, Socket};
use plimsoll_sockjs::{Options, SockJs, Transport};

use super::server::{Listen, echo};

/// Serves `/echo`, `/disabled_websocket_echo`, `/cookie_needed_echo`, `/close`, `/amplify`,
/// `/broadcast`, `/ticker` and `/stream`, over every transport.
#[derive(Args, Debug)]
pub(crate) struct Server {
    #[command(flatten)]
    listen: Listen,
    /// Where the pages for iframes load the client's script from.
    #[arg(long)]
    sockjs_url: Option<String>,
}

impl Server {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let endpoint = Endpoint::builder().handle(answer)?;
        ENDPOINT.get_or_init(|| endpoint.clone());
        let mut all = Options::default().transports(ALL);
        if let Some(url) = self.sockjs_url {
            all = all.sockjs_url(url);
        }
        // All that waits to be sent may come at once.
        let large = all.clone().max_message(1 << 20).max_body(8 << 20);
        let service = |options: &Options| SockJs::new().options(options.clone());
        self.listen
            .serve(endpoint, |routes| {
                routes
                    .at("/echo", service(&all.clone().response_limit(4096)))
                    .at("/disabled_websocket_echo", service(&all.clone().transports(REQUESTS)))
                    .at("/cookie_needed_echo", service(&all.clone().jsessionid(true)))
                    .at("/close", service(&all))
                    .at("/amplify", service(&all))
                    .at("/broadcast", service(&all))
                    .at("/ticker", service(&all))
                    .at("/stream", service(&large))
            })
            .await
    }
}

async fn answer(socket: Socket) {
    match socket.info().uri().path() {
        "/amplify" => amplify(socket).await,
        "/broadcast" => broadcast(socket).await,
        "/close" => socket.close(Close::new(3000.into(), "Go away!")),
        "/stream" => stream(socket).await,
        "/ticker" => tick(socket).await,
        _ => echo(socket).await,
    }
}

/// Answers a number n with 2 to the power of n letters.
async fn amplify(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        let exponent = message.as_text().and_then(|text| text.trim().parse().ok());
        let exponent = exponent.filter(|exponent| (1..=18).contains(exponent)).unwrap_or(1);
        if socket.send("x".repeat(1 << exponent)).await.is_err() {
            break;
        }
    }
}

/// Sends each message to all who are here.
async fn broadcast(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        let message = message.shared();
        let senders = ENDPOINT.get().map(Endpoint::senders).unwrap_or_default();
        for sender in senders {
            if sender.info().uri().path() == "/broadcast" {
                // Who is too slow is closed, and gone from the list by the next message.
                let _ = sender.send_or(message.clone(), SlowPolicy::Close);
            }
        }
    }
}

/// Sends back what it receives, as bytes without boundaries.
async fn stream(socket: Socket) {
    let (mut reader, mut writer) = tokio::io::split(socket.into_byte_stream().text(true));
    // Who is gone needs no answer.
    let _ = tokio::io::copy(&mut reader, &mut writer).await;
}

async fn tick(socket: Socket) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        if socket.send("tick!").await.is_err() {
            break;
        }
    }
}

/// For who sends to all: the handler that does is made before it.
static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
const ALL: [Transport; 6] = [
    Transport::EventSource,
    Transport::HtmlFile,
    Transport::JsonpPolling,
    Transport::WebSocket,
    Transport::XhrPolling,
    Transport::XhrStreaming,
];
const REQUESTS: [Transport; 5] = [
    Transport::EventSource,
    Transport::HtmlFile,
    Transport::JsonpPolling,
    Transport::XhrPolling,
    Transport::XhrStreaming,
];
