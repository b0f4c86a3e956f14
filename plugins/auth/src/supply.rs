//! The client's side of renewing a credential.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use plimsoll::Error;

use crate::exchange::Side;
use crate::in_band::{self, Word};
use crate::{Credential, Source};

/// Makes a fresh token.
pub(crate) type Supplier = Arc<dyn Fn() -> BoxFuture<'static, Result<String, Error>> + Send + Sync>;

/// Shows a fresh credential whenever the server asks for one.
pub(crate) struct Supply {
    supplier: Supplier,
    /// The token that is being made: one at a time, however often the server asks.
    fresh: Option<BoxFuture<'static, Result<String, Error>>>,
}

impl Supply {
    pub(crate) fn new(supplier: Supplier) -> Self {
        Self { supplier, fresh: None }
    }
}

impl Side for Supply {
    fn hear(&mut self, word: Word) -> Result<(), Error> {
        match word {
            Word::Refresh => {
                self.fresh.get_or_insert_with(|| (self.supplier)());
                Ok(())
            }
            Word::Granted | Word::Token(_) => Err(in_band::unexpected()),
        }
    }

    fn poll_word(&mut self, cx: &mut Context<'_>) -> Poll<Result<Word, Error>> {
        let Some(fresh) = &mut self.fresh else { return Poll::Pending };
        let token = ready!(fresh.as_mut().poll(cx));
        self.fresh = None;
        match token {
            Ok(token) => Poll::Ready(Ok(Word::Token(Credential::new(token, Source::Message)))),
            // The server asks again, or the next attempt to connect fails by the same error.
            Err(_) => Poll::Pending,
        }
    }
}
