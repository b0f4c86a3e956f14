//! Two ends at once.

use std::pin::pin;

use futures::future::{Either, select};
use tokio::task::{AbortHandle, JoinError, JoinHandle};

use super::failure::Failure;

/// Runs both ends, each in a task of its own, so that a wake-up that one of them lacks is not
/// made good by those of the other.
///
/// What a future returns stays until both have ended: one that returns its end of the connection
/// leaves it open and is not polled any more.
pub(crate) async fn together<A, B>(
    one: impl Future<Output = Result<A, Failure>> + Send + 'static,
    other: impl Future<Output = Result<B, Failure>> + Send + 'static,
) -> Result<(A, B), Failure>
where
    A: Send + 'static,
    B: Send + 'static,
{
    let (one, other) = (pin!(Task::spawn(one).result()), pin!(Task::spawn(other).result()));
    match select(one, other).await {
        Either::Left((Ok(one), other)) => Ok((one, other.await?)),
        Either::Right((Ok(other), one)) => Ok((one.await?, other)),
        Either::Left((Err(failure), other)) => Err(with(failure, other).await),
        Either::Right((Err(failure), one)) => Err(with(failure, one).await),
    }
}

/// Adds what the second task had to say at the same moment. Which failed first is not known, and
/// one failure is often the consequence of the other.
async fn with<T>(failure: Failure, other: impl Future<Output = Result<T, Failure>>) -> Failure {
    match futures::FutureExt::now_or_never(other) {
        Some(Err(other)) => failure.and(other),
        Some(Ok(_)) | None => failure,
    }
}

/// A task that ends with its handle.
struct Task<T> {
    handle: JoinHandle<Result<T, Failure>>,
    _abort: AbortOnDrop,
}

struct AbortOnDrop(AbortHandle);

impl<T: Send + 'static> Task<T> {
    fn spawn(future: impl Future<Output = Result<T, Failure>> + Send + 'static) -> Self {
        let handle = tokio::spawn(future);
        let _abort = AbortOnDrop(handle.abort_handle());
        Self { handle, _abort }
    }

    async fn result(self) -> Result<T, Failure> {
        let joined = self.handle.await;
        joined.unwrap_or_else(|error| Err(failure(error)))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn failure(error: JoinError) -> Failure {
    match error.try_into_panic() {
        Ok(panic) => Failure::from_panic(&*panic),
        Err(error) => Failure(error.to_string()),
    }
}
