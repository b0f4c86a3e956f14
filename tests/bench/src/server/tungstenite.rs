//! tokio-tungstenite with nothing on top.
//!
//! The yardstick for the others: small buffers, everything that is ready answered with one flush,
//! and no reading while the answers do not fit.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::BROADCAST;
use super::fan_out::{FanOut, Outbox};

pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    let room = Arc::new(FanOut::new());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, Arc::clone(&room)));
    }
}

async fn connection(stream: TcpStream, room: Arc<FanOut<Message>>) -> Result<(), Error> {
    let mut subscribes = false;
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let look = |request: &Request, response: Response| -> Result<_, ErrorResponse> {
        subscribes = request.uri().path() == BROADCAST;
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, look, Some(config())).await?;
    if !subscribes {
        let mut echo = Echo { socket, unflushed: false };
        return poll_fn(|cx| echo.poll(cx)).await;
    }
    let outbox = room.join();
    let echo = Echo { socket, unflushed: false };
    let mut subscriber = Subscriber { echo, room, outbox, batch: VecDeque::new() };
    let result = poll_fn(|cx| subscriber.poll(cx)).await;
    subscriber.room.leave(&subscriber.outbox);
    result
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .write_buffer_size(4 << 10)
        .max_write_buffer_size(1 << 20)
        .max_message_size(Some(1 << 20))
        .max_frame_size(Some(1 << 20))
}

/// Feeds back all that is ready, then flushes.
struct Echo {
    socket: WebSocketStream<TcpStream>,
    unflushed: bool,
}

impl Echo {
    /// Ends with the connection.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while let Some(message) = ready!(self.poll_next(cx))? {
            self.feed(message)?;
        }
        Poll::Ready(Ok(()))
    }

    /// The next text or binary message, once there is room for an answer; what was fed before is
    /// flushed when there is none.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        loop {
            ready!(self.socket.poll_ready_unpin(cx))?;
            match self.socket.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) if message.is_text() || message.is_binary() => {
                    return Poll::Ready(Ok(Some(message)));
                }
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => {
                    if self.unflushed {
                        ready!(self.socket.poll_flush_unpin(cx))?;
                        self.unflushed = false;
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    fn feed(&mut self, message: Message) -> Result<(), Error> {
        self.unflushed = true;
        self.socket.start_send_unpin(message)
    }
}

/// Sends what is published, too.
struct Subscriber {
    echo: Echo,
    room: Arc<FanOut<Message>>,
    outbox: Arc<Outbox<Message>>,
    batch: VecDeque<Message>,
}

impl Subscriber {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            while !self.batch.is_empty() || self.outbox.poll_take(cx, &mut self.batch).is_ready() {
                ready!(self.echo.socket.poll_ready_unpin(cx))?;
                if let Some(message) = self.batch.pop_front() {
                    self.echo.feed(message)?;
                }
            }
            let Some(message) = ready!(self.echo.poll_next(cx))? else {
                return Poll::Ready(Ok(()));
            };
            match &message {
                Message::Text(text) if text.starts_with('B') => self.room.publish(&message),
                _ => self.echo.feed(message)?,
            }
        }
    }
}
