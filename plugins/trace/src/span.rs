//! The connection's span for the application.

use plimsoll::{Info, Sender, Socket};
use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};

/// Gives the span of a connection.
pub trait TraceExt {
    /// The connection's span: of the last [`Trace`](crate::Trace) that was added, or none.
    ///
    /// It stays open as long as anybody holds it, such as a [`Sender`] that outlives its
    /// connection.
    fn span(&self) -> Span;
}

impl TraceExt for Info {
    fn span(&self) -> Span {
        self.get::<ConnectionSpan>().map_or_else(Span::none, |span| span.0.clone())
    }
}

impl TraceExt for Sender {
    fn span(&self) -> Span {
        self.info().span()
    }
}

impl TraceExt for Socket {
    fn span(&self) -> Span {
        self.info().span()
    }
}

/// Makes a handler that runs in the span of its connection.
///
/// ```
/// use plimsoll::{Endpoint, Socket};
/// use plimsoll_trace::{Trace, in_span};
///
/// # fn main() -> Result<(), plimsoll::Error> {
/// let endpoint = Endpoint::builder().plugin(Trace::new()).handle(in_span(
///     async |mut socket: Socket| {
///         while let Some(Ok(message)) = socket.recv().await {
///             tracing::info!(bytes = message.len(), "got a message");
///         }
///     },
/// ))?;
/// # Ok(())
/// # }
/// ```
pub fn in_span<H, F>(handler: H) -> impl Fn(Socket) -> Instrumented<F> + Send + Sync + 'static
where
    H: Fn(Socket) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    move |socket| {
        let span = socket.span();
        let future = span.in_scope(|| handler(socket));
        future.instrument(span)
    }
}

#[derive(Clone)]
pub(crate) struct ConnectionSpan(pub(crate) Span);
