//! A file for each protocol, a variant for each subcommand.

mod server;
mod websocket;

use clap::Parser;
use plimsoll::Error;

/// Servers and clients for protocol suites.
#[derive(Debug, Parser)]
pub(crate) enum Suite {
    AutobahnClient(websocket::Client),
    Websocket(websocket::Server),
}

impl Suite {
    pub(crate) async fn run(self) -> Result<(), Error> {
        match self {
            Self::AutobahnClient(client) => client.run().await,
            Self::Websocket(server) => server.run().await,
        }
    }
}
