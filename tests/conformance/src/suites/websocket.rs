//! WebSocket: an echo server, and the client that the Autobahn suite tests.

use std::time::Duration;

use clap::Args;
use plimsoll::{Dialer, Endpoint, Error, ErrorKind, SocketOptions};
use plimsoll_websocket::{Options, WebSocket};

use super::server::{Listen, echo};

/// Echoes at `/ws`.
#[derive(Args, Debug)]
pub(crate) struct Server {
    #[command(flatten)]
    listen: Listen,
}

impl Server {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let endpoint = Endpoint::builder().handle(echo)?;
        let transport = WebSocket::new().options(options());
        self.listen.serve(endpoint, |routes| routes.at("/ws", transport)).await
    }
}

/// Runs all cases of the Autobahn suite's server.
#[derive(Args, Debug)]
pub(crate) struct Client {
    /// Where the suite's server listens, for example `ws://127.0.0.1:9001`.
    #[arg(long)]
    url: String,
}

impl Client {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let url = self.url.trim_end_matches('/');
        let dialer = Dialer::builder()
            .transport(WebSocket::connector().options(options()))
            .socket(SocketOptions::default().close_timeout(CLOSE_TIMEOUT))
            .build()?;
        for case in 1..=count(&dialer, &format!("{url}/getCaseCount")).await? {
            let url = format!("{url}/runCase?case={case}&agent={AGENT}");
            echo(dialer.connect(url).await?).await;
        }
        let report = dialer.connect(format!("{url}/updateReports?agent={AGENT}")).await?;
        report.sender().closed().await;
        Ok(())
    }
}

async fn count(dialer: &Dialer, url: &str) -> Result<u32, Error> {
    let mut socket = dialer.connect(url).await?;
    let message = socket.recv().await.transpose()?;
    let count = message.as_ref().and_then(|message| message.as_text()?.parse().ok());
    count.ok_or_else(|| Error::with_message(ErrorKind::Protocol, "the suite told no count"))
}

/// The suite's largest message has 16 MiB; the one in the most frames has more than 65,536.
fn options() -> Options {
    let mut options = Options::default();
    options.max_message = 32 * 1024 * 1024;
    options.max_frame = 32 * 1024 * 1024;
    options.max_fragments = 128 * 1024;
    options
}

const AGENT: &str = "plimsoll";
/// Longer than the suite waits for the end of a connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
