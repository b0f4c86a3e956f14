//! A file for each protocol, a variant for each subcommand.

mod engineio;
mod primus;
mod primus_events;
mod primus_multiplex;
mod server;
mod sockjs;
mod websocket;

use clap::Parser;
use plimsoll::Error;

/// Servers and clients for protocol suites.
#[derive(Debug, Parser)]
pub(crate) enum Suite {
    AutobahnClient(websocket::Client),
    Engineio(engineio::Server),
    EngineioClient(engineio::ClientSuite),
    PrimusEvents(primus_events::Server),
    PrimusEventsClient(primus_events::Client),
    PrimusMultiplex(primus_multiplex::Server),
    PrimusMultiplexClient(primus_multiplex::Client),
    Primus(primus::Server),
    Sockjs(sockjs::Server),
    Websocket(websocket::Server),
}

impl Suite {
    pub(crate) async fn run(self) -> Result<(), Error> {
        match self {
            Self::AutobahnClient(client) => client.run().await,
            Self::Engineio(server) => server.run().await,
            Self::EngineioClient(server) => server.run().await,
            Self::PrimusEvents(server) => server.run().await,
            Self::PrimusEventsClient(client) => client.run().await,
            Self::PrimusMultiplex(server) => server.run().await,
            Self::PrimusMultiplexClient(client) => client.run().await,
            Self::Primus(server) => server.run().await,
            Self::Sockjs(server) => server.run().await,
            Self::Websocket(server) => server.run().await,
        }
    }
}
