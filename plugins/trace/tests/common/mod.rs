//! What the tests of spans and of metrics have in common.

use async_trait::async_trait;
use plimsoll::{
    BoxDuplex, Dial, Dialer, Endpoint, Error, ErrorKind, Handshake, Info, Plugin, Reject, Socket,
};
use plimsoll_memory::Memory;
use plimsoll_trace::{Trace, in_span};

/// Echoes, in the span; paths choose other fates.
pub(crate) fn endpoint(trace: Trace) -> Endpoint {
    let handler = async |mut socket: Socket| {
        tracing::info!(?socket, "handled");
        assert_ne!(socket.info().uri().path(), "/panics", "on purpose");
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                break;
            }
        }
    };
    Endpoint::builder().plugin(trace).plugin(Fate).handle(in_span(handler)).unwrap()
}

/// Refuses and fails by path, and takes up the subprotocol `chat`.
struct Fate;

#[async_trait]
impl Plugin for Fate {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        handshake.select_protocol("chat");
        tracing::trace!(?handshake, "asked");
        match handshake.info().uri().path() {
            "/refused" => Err(Reject::unauthorized("Bearer")),
            _ => Ok(()),
        }
    }

    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        tracing::trace!(?dial, "dials");
        Ok(())
    }

    async fn establish(&self, _: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        match info.uri().path() {
            "/not-established" => Err(Error::new(ErrorKind::Policy)),
            _ => Ok(()),
        }
    }
}

/// Serves an endpoint in this process. The dialer adds `header` and offers `protocols`.
pub(crate) fn serve(endpoint: &Endpoint, asks: Asks) -> Dialer {
    let memory = Memory::new();
    let listener = memory.listen("here").unwrap();
    let endpoint = endpoint.clone();
    tokio::spawn(async move { endpoint.listen(listener).await.unwrap() });
    let builder = Dialer::builder().transport(memory.connector());
    builder.plugin(Fate).plugin(asks).build().unwrap()
}

/// What a client puts into its handshake.
#[derive(Clone, Default)]
pub(crate) struct Asks {
    pub(crate) authorization: Option<&'static str>,
    pub(crate) protocols: Vec<String>,
}

#[async_trait]
impl Plugin for Asks {
    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        if let Some(authorization) = self.authorization {
            dial.headers.insert("authorization", authorization.parse().unwrap());
        }
        dial.protocols.extend(self.protocols.iter().cloned());
        Ok(())
    }
}

pub(crate) async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}
