//! What middleware is made of.

use async_trait::async_trait;

use crate::{BoxDuplex, Close, Dial, Error, Handshake, Info, Reject, Sender};

/// Middleware: any of these hooks, all optional.
///
/// Whatever comes in (a handshake, a frame) meets the plugins in the order in which they were
/// added; whatever goes out meets them in reverse.
///
/// In the life of a connection the hooks come in this order: [`handshake`](Self::handshake) or
/// [`dial`](Self::dial), [`wrap`](Self::wrap), [`establish`](Self::establish),
/// [`opened`](Self::opened), [`closed`](Self::closed); for one that is turned away
/// [`refused`](Self::refused) comes last. The same plugin value serves all
/// connections, so what belongs to one of them lives in the duplex that `wrap` returns or in the
/// connection's [`Info`].
///
/// A guide with examples is in [`docs::writing_a_plugin`](crate::docs::writing_a_plugin).
#[async_trait]
pub trait Plugin: Send + Sync + 'static {
    /// Checks the options, once, when the endpoint or dialer is built.
    ///
    /// # Errors
    ///
    /// An [`Error::config`] names the option and the remedy.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// On a server: looks at a handshake before it is answered.
    ///
    /// # Errors
    ///
    /// Turns the connection away: over HTTP with the status, elsewhere with a close code.
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        let _ = handshake;
        Ok(())
    }

    /// On a client: adds to a request before it is made, at each attempt.
    ///
    /// # Errors
    ///
    /// Fails the attempt.
    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        let _ = dial;
        Ok(())
    }

    /// On a server: a connection was turned away, by the endpoint itself, by any plugin in
    /// [`handshake`](Self::handshake), by one in [`establish`](Self::establish) with an error
    /// that is made of a [`Reject`], or by the transport with
    /// [`Admission::refuse`](crate::Admission::refuse). Those that an HTTP server or a transport
    /// turns away before it asks the endpoint do not come here.
    fn refused(&self, info: &Info, reject: &Reject) {
        let _ = (info, reject);
    }

    /// On both sides: puts the plugin's data path on a new connection, usually by
    /// [`filter`](crate::filter()), and values for the application into its info.
    fn wrap(&self, io: BoxDuplex, info: &mut Info) -> BoxDuplex {
        let _ = info;
        io
    }

    /// On both sides: exchanges frames with the peer before anybody above this plugin does, for
    /// example to wait for a credential. It may also put its data path on the connection here,
    /// if that depends on what the peer says. The time limit is that of the whole handshake.
    ///
    /// # Errors
    ///
    /// Closes the connection with the error's [close](Error::close); the handler never runs. To
    /// turn the peer away as in [`handshake`](Self::handshake), make the error of a [`Reject`].
    async fn establish(&self, io: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        let _ = (io, info);
        Ok(())
    }

    /// On a server: a connection is open, its handler is about to run.
    fn opened(&self, peer: &Sender) {
        let _ = peer;
    }

    /// On a server: a connection that was [`opened`](Self::opened) is closed and its handler
    /// has ended.
    fn closed(&self, info: &Info, close: &Close) {
        let _ = (info, close);
    }
}
