//! The client's plugin.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll::{BoxDuplex, Dial, DuplexExt, Error, Info, Message, Plugin};

use crate::exchange::Exchange;
use crate::first_message;
use crate::in_band::{self, Received, Word};
use crate::place::Place;
use crate::supply::{Supplier, Supply};

/// Shows a token to the server: a fresh one at each attempt to connect, and whenever the server
/// asks for one because the last is about to expire.
///
/// Add it before the plugins that offer subprotocols, and put the token where the server's
/// [`Auth`](crate::Auth) looks for it; of several places that are named, the last one counts. By
/// default it is the header `Authorization: Bearer`. Servers without this crate work as well:
/// they just do not ask.
///
/// ```
/// use plimsoll::Dialer;
/// use plimsoll_auth::Token;
/// use plimsoll_memory::Memory;
///
/// # fn main() -> Result<(), plimsoll::Error> {
/// let dialer = Dialer::builder()
///     .transport(Memory::global().connector())
///     .plugin(Token::new(async || Ok("s3cret".to_owned())))
///     .build()?;
/// # drop(dialer);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Token {
    supplier: Supplier,
    place: Place,
}

impl Token {
    /// Shows what `supplier` returns. It is called at each attempt to connect, within the
    /// dialer's `connect_timeout`, and dropped if that passes, so it must be cancel safe.
    ///
    /// An error fails the attempt; whether there is another one depends on its
    /// [kind](plimsoll::ErrorKind). An error of a renewal is forgotten: the server asks again.
    pub fn new<S, F>(supplier: S) -> Self
    where
        S: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<String, Error>> + Send + 'static,
    {
        Self { supplier: Arc::new(move || Box::pin(supplier())), place: Place::Header }
    }

    /// Puts the token into the header `Authorization: Bearer`: the default.
    #[must_use]
    pub fn in_header(self) -> Self {
        self.at(Place::Header)
    }

    /// Puts the token into a query parameter.
    #[must_use]
    pub fn in_query(self, name: impl Into<String>) -> Self {
        self.at(Place::Query(name.into()))
    }

    /// Puts the token into a cookie.
    #[must_use]
    pub fn in_cookie(self, name: impl Into<String>) -> Self {
        self.at(Place::Cookie(name.into()))
    }

    /// Offers a subprotocol that is `prefix` and the token, after those that are offered
    /// already.
    #[must_use]
    pub fn in_subprotocol(self, prefix: impl Into<String>) -> Self {
        self.at(Place::Subprotocol(prefix.into()))
    }

    /// Sends the token as the first message. If the server has the plugin too, connecting waits
    /// for it to accept the token, and fails if it does not.
    #[must_use]
    pub fn in_first_message(self) -> Self {
        self.at(Place::FirstMessage)
    }

    fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

#[async_trait]
impl Plugin for Token {
    fn check(&self) -> Result<(), Error> {
        self.place.check()
    }

    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        dial.headers.insert(in_band::HEADER, in_band::VERSION);
        if self.place != Place::FirstMessage {
            self.place.put(&(self.supplier)().await?, dial)?;
        }
        Ok(())
    }

    async fn establish(&self, io: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        let confirmed = info.headers().get(in_band::HEADER) == Some(&in_band::VERSION);
        if self.place == Place::FirstMessage {
            io.send((self.supplier)().await?).await?;
            if confirmed {
                wait_until_granted(io, info).await?;
            }
        }
        if confirmed {
            let supply = Supply::new(Arc::clone(&self.supplier));
            *io = Box::new(Exchange::new(std::mem::take(io), supply));
        }
        Ok(())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("place", &self.place).finish_non_exhaustive()
    }
}

async fn wait_until_granted(io: &mut BoxDuplex, info: &Info) -> Result<(), Error> {
    let message: Message = first_message::receive(io, info).await?;
    match in_band::receive(message)? {
        Received::Word(Word::Granted) => Ok(()),
        Received::Word(_) | Received::Message(_) => Err(in_band::unexpected()),
    }
}
