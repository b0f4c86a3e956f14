use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use crate::{BoxError, Error, ErrorKind};

/// The body of a request or a response.
pub struct Body(Kind);

enum Kind {
    Boxed(UnsyncBoxBody<Bytes, BoxError>),
    /// All of it, in one piece; empty once it was read.
    Whole(Bytes),
}

impl Body {
    /// Makes a body of any other.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        // A box in a box would be paid for with each request.
        if let Some(body) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return body.take().unwrap_or_else(Self::empty);
        }
        body.map_or_else(Self::empty, |body| {
            Self(Kind::Boxed(body.map_err(Into::into).boxed_unsync()))
        })
    }

    /// Makes an empty body.
    pub fn empty() -> Self {
        Self(Kind::Whole(Bytes::new()))
    }

    /// Reads the body to its end; `None` if it is longer than `max` bytes, which is noticed before
    /// anything is read if the length was announced.
    ///
    /// What it returns is in memory of its own: that of an HTTP server is a part of its read
    /// buffer. It waits as long as the body takes; put a timeout around it. Not cancel safe: what
    /// was read is lost.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Io`] if the body breaks off.
    pub async fn read(mut self, max: usize) -> Result<Option<Bytes>, Error> {
        if usize::try_from(self.size_hint().lower()).is_ok_and(|least| least > max) {
            return Ok(None);
        }
        let mut bytes = BytesMut::new();
        while let Some(frame) = self.frame().await {
            let frame = frame.map_err(|error| Error::with_source(ErrorKind::Io, error))?;
            let Some(data) = frame.data_ref() else { continue };
            if data.len() > max - bytes.len() {
                return Ok(None);
            }
            bytes.extend_from_slice(data);
        }
        Ok(Some(bytes.freeze()))
    }
}

impl From<Bytes> for Body {
    fn from(data: Bytes) -> Self {
        Self(Kind::Whole(data))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Boxed(body) => Pin::new(body).poll_frame(cx),
            Kind::Whole(data) if data.is_empty() => Poll::Ready(None),
            Kind::Whole(data) => {
                Poll::Ready(Some(Ok(http_body::Frame::data(std::mem::take(data)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Boxed(body) => body.is_end_stream(),
            Kind::Whole(data) => data.is_empty(),
        }
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match &self.0 {
            Kind::Boxed(body) => body.size_hint(),
            Kind::Whole(data) => http_body::SizeHint::with_exact(data.len() as u64),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;

    use super::*;

    #[tokio::test]
    async fn a_body_is_read_once_whatever_it_is_made_of() {
        let whole = || Body::from(Bytes::from_static(b"ahoy"));
        let boxed = || Body::new(http_body_util::Full::new(Bytes::from_static(b"ahoy")));
        for mut body in [whole(), boxed(), Body::new(whole()), Body::new(boxed())] {
            assert_eq!(body.size_hint().exact(), Some(4));
            assert!(!body.is_end_stream());
            let frame = body.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), "ahoy");
            assert!(body.is_end_stream());
            assert!(body.frame().await.is_none());
        }
        let mut empty = Body::empty();
        assert!(empty.is_end_stream());
        assert_eq!(empty.size_hint().exact(), Some(0));
        assert!(empty.frame().await.is_none());
    }
}
