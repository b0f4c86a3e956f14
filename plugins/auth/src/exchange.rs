//! The data path of a connection whose two sides talk about credentials.

use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Duplex, Error, Frame, Message};

use crate::in_band::{self, Received, Word};

/// One side of the talk, without input and output.
pub(crate) trait Side: Send + 'static {
    /// The other side said something.
    ///
    /// # Errors
    ///
    /// Ends the connection.
    fn hear(&mut self, word: Word) -> Result<(), Error>;

    /// Does what is due, until there is something to say.
    ///
    /// # Errors
    ///
    /// Ends the connection.
    fn poll_word(&mut self, cx: &mut Context<'_>) -> Poll<Result<Word, Error>>;
}

/// Runs a side on a connection.
///
/// A plain filter would not do: a side waits for futures, those of a verifier or a supplier.
pub(crate) struct Exchange<S> {
    io: BoxDuplex,
    side: S,
    /// The latest word of this side that has not gone out; it replaces an earlier one.
    unsent: Option<Message>,
    /// `io` has a word of this side that was not flushed.
    unflushed: bool,
    /// The side gave an error: it is not asked again, so that the connection can be closed.
    failed: bool,
}

impl<S: Side> Exchange<S> {
    pub(crate) fn new(io: BoxDuplex, side: S) -> Self {
        Self { io, side, unsent: None, unflushed: false, failed: false }
    }

    /// Lets the side do what is due, and sends what it says as far as `io` takes it.
    fn poll_side(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        while !self.failed
            && let Poll::Ready(word) = self.side.poll_word(cx)
        {
            let word = self.checked(word)?;
            self.unsent = Some(word.into());
        }
        if self.poll_send(cx)?.is_ready() && self.unflushed {
            self.unflushed = self.io.poll_flush(cx)?.is_pending();
        }
        Ok(())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.unsent.is_some() {
            ready!(self.io.poll_ready(cx))?;
            if let Some(message) = self.unsent.take() {
                self.io.start_send(message.into())?;
                self.unflushed = true;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// A message for the application, if this is one.
    fn receive(&mut self, message: Message) -> Result<Option<Message>, Error> {
        let heard = match in_band::receive(message) {
            Ok(Received::Message(message)) => Ok(Some(message)),
            Ok(Received::Word(word)) => self.side.hear(word).map(|()| None),
            Err(error) => Err(error),
        };
        self.checked(heard)
    }

    fn checked<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.failed = true;
            self.unsent = None;
        }
        result
    }
}

impl<S: Side> Duplex for Exchange<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            self.poll_side(cx)?;
            match ready!(self.io.poll_recv(cx)?) {
                Some(Frame::Message(message)) if !self.failed => {
                    if let Some(message) = self.receive(message)? {
                        return Poll::Ready(Some(Ok(message.into())));
                    }
                }
                other => return Poll::Ready(other.map(Ok)),
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_send(cx))?;
        self.io.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.io.start_send(match frame {
            Frame::Message(message) => in_band::IN_BAND.outbound(message).into(),
            frame => frame,
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_side(cx)?;
        ready!(self.poll_send(cx))?;
        ready!(self.io.poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_send(cx))?;
        self.io.poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use plimsoll::DuplexExt;

    use super::*;

    /// Says one word.
    struct Once(bool);

    impl Side for Once {
        fn hear(&mut self, _: Word) -> Result<(), Error> {
            Err(in_band::unexpected())
        }

        fn poll_word(&mut self, _: &mut Context<'_>) -> Poll<Result<Word, Error>> {
            match std::mem::replace(&mut self.0, true) {
                true => Poll::Pending,
                false => Poll::Ready(Ok(Word::Refresh)),
            }
        }
    }

    /// Takes two polls for each flush; ends once all is flushed.
    #[derive(Default)]
    struct Slow {
        sent: Vec<Frame>,
        flushing: bool,
        flushed: bool,
    }

    impl Duplex for Slow {
        fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
            if self.flushed {
                return Poll::Ready(self.sent.pop().map(Ok));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
            self.sent.push(frame);
            Ok(())
        }

        fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
            if !std::mem::replace(&mut self.flushing, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.flushed = true;
            Poll::Ready(Ok(()))
        }

        fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_is_said_goes_out_while_nobody_sends() {
        let mut exchange = Exchange::new(Box::<Slow>::default(), Once(false));
        // The stand-in gives back what was flushed, and this side must not hear such a word.
        let error = exchange.recv().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), plimsoll::ErrorKind::Protocol);
    }

    #[tokio::test]
    async fn after_an_error_a_close_passes() {
        let mut exchange = Exchange::new(Box::<Slow>::default(), Once(false));
        exchange.recv().await.unwrap().unwrap_err();
        exchange.send(Frame::Close(plimsoll::Close::normal())).await.unwrap();
        poll_fn(|cx| exchange.poll_close(cx)).await.unwrap();
        let frame = exchange.recv().await.unwrap().unwrap();
        assert_eq!(frame, Frame::Close(plimsoll::Close::normal()));
    }
}
