//! The end of a connection that the server has announced.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use plimsoll::{BoxDuplex, Close, CloseCode, Duplex, Error, Frame};
use tokio::time::{Sleep, sleep};

/// Leaves the close to a server that has announced it by its word, as clients of Primus do.
///
/// Beneath it is the [`Dialect`](super::dialect::Dialect), whose only close with
/// [`CloseCode::NORMAL`] is that word. Whatever comes of the connection afterwards, nobody comes
/// back to it; if the transport tells why, that is handed up instead.
pub(super) struct Announced {
    io: BoxDuplex,
    state: State,
}

enum State {
    Open,
    /// The server is about to close. It gets some time for it.
    Ending(Close, Pin<Box<Sleep>>),
    /// The close was handed up.
    Closed,
    Ended,
}

impl Announced {
    pub(super) fn new(io: BoxDuplex) -> Self {
        Self { io, state: State::Open }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }
}

impl Duplex for Announced {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            let (word, patience) = match &mut self.state {
                State::Open => match ready!(self.io.poll_recv(cx)) {
                    Some(Ok(Frame::Close(close))) if close.code == CloseCode::NORMAL => {
                        self.state = State::Ending(close, Box::pin(sleep(PATIENCE)));
                        continue;
                    }
                    received => return Poll::Ready(received),
                },
                State::Ending(word, patience) => (word, patience),
                State::Closed => return self.io.poll_recv(cx),
                State::Ended => return Poll::Ready(None),
            };
            let (close, state) = match self.io.poll_recv(cx) {
                Poll::Ready(Some(Ok(Frame::Close(close)))) if !close.code.may_reconnect() => {
                    (close, State::Closed)
                }
                Poll::Ready(Some(Ok(Frame::Close(_)))) => (word.clone(), State::Closed),
                Poll::Ready(Some(Ok(_))) => continue,
                Poll::Ready(Some(Err(_)) | None) => (word.clone(), State::Ended),
                Poll::Pending => {
                    ready!(patience.as_mut().poll(cx));
                    (word.clone(), State::Closed)
                }
            };
            self.state = state;
            return Poll::Ready(Some(Ok(Frame::Close(close))));
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_open() { self.io.poll_ready(cx) } else { Poll::Ready(Ok(())) }
    }

    /// What is sent after the server's word is lost, as if the word had come later.
    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        if self.is_open() { self.io.start_send(frame) } else { Ok(()) }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_open() { self.io.poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if matches!(self.state, State::Ended) {
            return Poll::Ready(Ok(()));
        }
        self.io.poll_close(cx)
    }
}

const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use plimsoll::DuplexExt;
    use plimsoll_memory::{Options, pair};
    use tokio::time::Instant;

    use super::*;

    /// A connection whose server has announced its close, and the server's side.
    async fn announced() -> (Announced, BoxDuplex) {
        let (client, mut server) = pair(Options::default()).unwrap();
        server.send(Frame::Message("1".into())).await.unwrap();
        let mut client = Announced::new(client);
        client.recv().await.unwrap().unwrap();
        client.state = State::Ending(Close::normal(), Box::pin(sleep(PATIENCE)));
        (client, server)
    }

    #[tokio::test(start_paused = true)]
    async fn the_close_that_follows_says_more_unless_one_may_come_back_after_it() {
        let policy = Close::new(CloseCode::POLICY, "no mutiny");
        for (sent, told) in [(policy.clone(), policy), (Close::going_away(), Close::normal())] {
            let (mut client, mut server) = announced().await;
            server.send(Frame::Message("too late".into())).await.unwrap();
            server.send(Frame::Close(sent)).await.unwrap();
            assert_eq!(client.recv().await.unwrap().unwrap(), Frame::Close(told));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_word_holds_if_the_connection_is_lost() {
        let (mut client, server) = announced().await;
        drop(server);
        assert_eq!(client.recv().await.unwrap().unwrap(), Frame::Close(Close::normal()));
        assert!(client.recv().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_close_is_not_waited_for_for_ever() {
        let (mut client, _server) = announced().await;
        let start = Instant::now();
        assert_eq!(client.recv().await.unwrap().unwrap(), Frame::Close(Close::normal()));
        assert!(start.elapsed() >= PATIENCE);
    }
}
