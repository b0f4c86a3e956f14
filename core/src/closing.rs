//! How a connection that nobody drives is closed.

use std::future::poll_fn;
use std::time::Duration;

use tokio::time::timeout;

use crate::{BoxDuplex, Duplex, DuplexExt, Error, Frame};

/// Tells the peer of an error, if it can be told, and closes the connection within `limit`.
pub(crate) async fn tell(mut io: BoxDuplex, error: &Error, limit: Duration) {
    let Some(close) = error.close() else { return };
    let tell = async {
        io.send(Frame::Close(close)).await?;
        poll_fn(|cx| io.poll_close(cx)).await?;
        // Closing before the peer has read everything could cost it the close frame.
        while let Some(Ok(_)) = io.recv().await {}
        Ok::<_, Error>(())
    };
    let _ = timeout(limit, tell).await;
}
