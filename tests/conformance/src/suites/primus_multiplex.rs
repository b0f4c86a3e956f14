//! Channels in the dialects of Node packages, as a server and as a client.

use clap::{Args, ValueEnum};
use plimsoll::{Dialer, Endpoint, Error, ErrorKind, Socket};
use plimsoll_multiplex::{Channel, Multiplex};
use plimsoll_sockjs::{SockJs, SockJsConnector};
use plimsoll_websocket::WebSocket;

use super::server::{Listen, echo};

/// Serves channels over WebSocket at `/primus` and over SockJS at `/multiplex`.
#[derive(Args, Debug)]
pub(crate) struct Server {
    #[command(flatten)]
    listen: Listen,
    #[arg(long)]
    dialect: Dialect,
}

impl Server {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let multiplex = self.dialect.multiplex();
        let channels = Endpoint::builder().handle(answer)?;
        let endpoint = Endpoint::builder().handle(move |socket| {
            let (accepted, channels) = (multiplex.accept(socket), channels.clone());
            async move {
                let Ok(accepted) = accepted else { return };
                accepted.serve(|name| (name != "refused").then(|| channels.clone())).await;
            }
        })?;
        self.listen
            .serve(endpoint, |routes| {
                routes.at("/primus", WebSocket::new()).at("/multiplex", SockJs::new())
            })
            .await
    }
}

/// Uses the channels of a server, and tells what came: see `tests/clients/primus-multiplex.test.mjs`.
#[derive(Args, Debug)]
pub(crate) struct Client {
    /// Where the server listens, for example `ws://127.0.0.1:8080/primus`.
    #[arg(long)]
    url: String,
    #[arg(long)]
    dialect: Dialect,
}

impl Client {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let dialer = Dialer::builder()
            .transport(SockJsConnector::new())
            .transport(WebSocket::connector())
            .build()?;
        let channels = self.dialect.multiplex().connect(dialer.connect(self.url).await?)?;
        // The name needs escapes in every dialect.
        let mut socket = channels.open("écho, \"é\"/%").await?;
        for message in MESSAGES {
            socket.send(message).await?;
            println!("{message} => {}", next(&mut socket).await?);
        }
        let mut farewell = channels.open("farewell").await?;
        farewell.send("1").await?;
        println!("farewell => {}", next(&mut farewell).await?);
        println!("closed with {}", farewell.sender().closed().await);
        Ok(())
    }
}

async fn next(socket: &mut Socket) -> Result<String, Error> {
    let message = socket.recv().await.ok_or(ErrorKind::Close)??;
    Ok(message.as_text().unwrap_or_default().to_owned())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Dialect {
    PrimusMultiplex,
    Substream,
    WebsocketMultiplex,
}

impl Dialect {
    fn multiplex(self) -> Multiplex {
        match self {
            Self::PrimusMultiplex => Multiplex::primus_multiplex(),
            Self::Substream => Multiplex::substream(),
            Self::WebsocketMultiplex => Multiplex::websocket_multiplex(),
        }
    }
}

async fn answer(socket: Socket) {
    match socket.info().get::<Channel>().map(Channel::name) {
        Some("farewell") => {
            let _ = socket.send("\"bye\"").await;
        }
        Some("values") => {
            for message in MESSAGES {
                if socket.send(message).await.is_err() {
                    break;
                }
            }
            echo(socket).await;
        }
        _ => echo(socket).await,
    }
}

/// Among them all values that count as false in JavaScript.
const MESSAGES: [&str; 8] =
    ["1", "\"a,b\"", "[1,[2]]", "{\"é\":\"\u{2028}\"}", "0", "null", "false", "\"\""];
