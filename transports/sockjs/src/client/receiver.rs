use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use plimsoll::{Error, ErrorKind, Text};
use plimsoll_http::client::{Client, ResponseBody};

use super::requests::Requests;
use super::silence::Silence;
use super::xhr::broken;
use crate::codec::Lines;

/// Asks the server for frames, with one request after the other, each of which brings one or
/// many.
pub(super) struct Receiver {
    requests: Arc<Requests>,
    state: State,
    lines: Lines,
    max_frame: usize,
    /// A response brings one frame.
    is_polling: bool,
    /// Read ahead, so that the session always has a request at the server.
    next: Option<Text>,
    /// The present response has brought something.
    brought: bool,
}

enum State {
    Asking(BoxFuture<'static, Result<(Client, ResponseBody), Error>>),
    Reading(Client, ResponseBody),
    /// The error is for the reader.
    Failed(Option<Error>),
}

impl Receiver {
    /// Goes on with a first response.
    pub(super) fn new(
        requests: Arc<Requests>,
        client: Client,
        body: ResponseBody,
        max_frame: usize,
        is_polling: bool,
    ) -> Self {
        Self {
            requests,
            state: State::Reading(client, body),
            lines: Lines::new(max_frame.max(PRELUDE)),
            max_frame: max_frame.max(PRELUDE),
            is_polling,
            next: None,
            brought: false,
        }
    }

    /// Whether a response brings only one frame.
    pub(super) fn is_polling(&self) -> bool {
        self.is_polling
    }

    /// The next frame. An error is final.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Silence,
    ) -> Poll<Result<Text, Error>> {
        ready!(self.poll_ahead(cx, silence));
        if let Some(frame) = self.next.take() {
            return Poll::Ready(Ok(frame));
        }
        let error = match &mut self.state {
            State::Failed(error) => error.take(),
            State::Asking(_) | State::Reading(..) => None,
        };
        Poll::Ready(Err(error.unwrap_or(ErrorKind::Close.into())))
    }

    /// Reads one frame ahead: a server forgets a session without a request, whether anybody
    /// here wants to read or not. Ready once there is a frame or an error.
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>, silence: &mut Silence) -> Poll<()> {
        while self.next.is_none() && !matches!(self.state, State::Failed(_)) {
            if let Err(error) = ready!(self.poll_step(cx, silence)) {
                self.state = State::Failed(Some(error));
            }
        }
        Poll::Ready(())
    }

    /// Ready once a request waits at the server, or none ever will. Frames are thrown away.
    pub(super) fn poll_waiting(&mut self, cx: &mut Context<'_>, silence: &mut Silence) -> Poll<()> {
        loop {
            self.next = None;
            match self.poll_ahead(cx, silence) {
                Poll::Ready(()) if matches!(self.state, State::Failed(_)) => {
                    return Poll::Ready(());
                }
                Poll::Ready(()) => {}
                Poll::Pending => return self.waits(),
            }
        }
    }

    /// Whether there is a request which the server has not answered in full.
    fn waits(&self) -> Poll<()> {
        match self.state {
            // All that is left of this response may be its end.
            State::Reading(..) if self.is_polling => Poll::Pending,
            State::Asking(_) | State::Failed(_) | State::Reading(..) => Poll::Ready(()),
        }
    }

    fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Silence,
    ) -> Poll<Result<(), Error>> {
        match &mut self.state {
            State::Asking(response) => {
                let (client, body) = ready!(response.poll_unpin(cx))?;
                self.state = State::Reading(client, body);
            }
            State::Reading(client, body) => {
                self.next = self.lines.next()?;
                if self.next.is_some() {
                    self.brought = true;
                    return Poll::Ready(Ok(()));
                }
                match ready!(client.poll_body(cx, body)) {
                    Some(chunk) => self.lines.push(&chunk?),
                    None => {
                        self.ask_again()?;
                        silence.end();
                    }
                }
            }
            State::Failed(_) => {}
        }
        Poll::Ready(Ok(()))
    }

    fn ask_again(&mut self) -> Result<(), Error> {
        if !std::mem::take(&mut self.brought) {
            // Asking again at once might go on forever.
            let message = "the server answered without a frame";
            return Err(Error::with_message(ErrorKind::Protocol, message));
        }
        self.lines = Lines::new(self.max_frame);
        if let State::Reading(client, _) = std::mem::replace(&mut self.state, State::Failed(None)) {
            self.state = State::Asking(request(client, Arc::clone(&self.requests)).boxed());
        }
        Ok(())
    }
}

async fn request(
    mut client: Client,
    requests: Arc<Requests>,
) -> Result<(Client, ResponseBody), Error> {
    let (head, body) = client.send(requests.receive()).await?.into_parts();
    if head.status != StatusCode::OK {
        return Err(broken(head.status, client.read_short(body).await?));
    }
    Ok((client, body))
}

/// What a stream begins with, in bytes.
const PRELUDE: usize = 2048;
