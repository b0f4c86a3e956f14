//! A plugin in full: slow mode, as busy chat rooms know it.

use plimsoll::{BoxDuplex, Endpoint, Error, Filter, Flow, Frame, Info, Plugin, Socket, filter};
use tokio::time::{Duration, Instant};

/// Takes one message from each peer in this time, and drops those in between.
pub(crate) struct SlowMode(pub(crate) Duration);

impl Plugin for SlowMode {
    fn wrap(&self, io: BoxDuplex, _: &mut Info) -> BoxDuplex {
        filter(io, Gate(self.0, Instant::now()))
    }
}

/// How long the gate is shut after a message, and when it opens again.
struct Gate(Duration, Instant);

impl Filter for Gate {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        match frame {
            Frame::Message(_) if flow.now() < self.1 => return Ok(None),
            Frame::Message(_) => self.1 = flow.now() + self.0,
            _ => {} // pings, pongs and closes are not the peer's words
        }
        Ok(Some(frame))
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = Endpoint::builder().plugin(SlowMode(Duration::from_secs(1)));
    let endpoint = endpoint.handle(async |mut socket: Socket| {
        while let Some(Ok(message)) = socket.recv().await {
            let _ = socket.send(message).await;
        }
    })?;
    endpoint.listen(plimsoll_tcp::Tcp::new().bind("127.0.0.1:4002").await?).await
}
