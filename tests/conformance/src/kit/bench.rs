//! What a case works with.

use std::sync::Arc;

use futures::future::LocalBoxFuture;
use plimsoll::Capabilities;

use super::end::End;
use super::failure::Failure;
use super::options::Kit;
use super::pair::Pair;
use super::waits::Waits;

/// What a case works with: fresh pairs, and the options.
pub(crate) struct Bench<'k> {
    pub(crate) source: &'k dyn Fn() -> LocalBoxFuture<'k, Pair>,
    pub(crate) kit: &'k Kit,
    pub(crate) waits: Arc<Waits>,
}

impl Bench<'_> {
    /// The ends of a new connection, the client's first.
    pub(crate) async fn pair(&self) -> (End, End) {
        let Pair { client, server, capabilities } = (self.source)().await;
        let end = |name, io| End { name, io, capabilities, waits: Arc::clone(&self.waits) };
        (end("client", client), end("server", server))
    }

    /// Runs `case` from the client to the server, and on a new connection the other way.
    pub(crate) async fn each_way(
        &self,
        case: impl AsyncFn(End, End) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (client, server) = self.pair().await;
        case(client, server).await?;
        let (client, server) = self.pair().await;
        case(server, client).await
    }

    /// The size, but at most what the transport carries.
    pub(crate) fn at_most(&self, size: usize) -> usize {
        size.min(self.kit.max_message)
    }
}

/// A rule of the contract and how to check it.
pub(crate) struct Case {
    /// The rule as a statement.
    pub(crate) name: &'static str,
    /// Whether it holds for a transport that can do this.
    pub(crate) applies: fn(&Kit, &Capabilities) -> bool,
    pub(crate) run: for<'a> fn(&'a Bench<'_>) -> LocalBoxFuture<'a, Result<(), Failure>>,
}

/// Makes the table of a file: `name`, or `name if condition on kit and capabilities`.
macro_rules! cases {
    ($($name:ident $(if $condition:expr)?),+ $(,)?) => {
        pub(crate) const CASES: &[$crate::kit::bench::Case] = &[$($crate::kit::bench::Case {
            name: stringify!($name),
            applies: $crate::kit::bench::condition!($($condition)?),
            run: |bench| Box::pin($name(bench)),
        }),+];
    };
}

macro_rules! condition {
    () => {
        |_, _| true
    };
    ($condition:expr) => {
        $condition
    };
}

pub(crate) use {cases, condition};
