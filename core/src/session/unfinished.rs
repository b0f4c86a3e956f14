use crate::session::Session;
use crate::{Error, ErrorKind};

/// A request whose messages are being handed over: see [`Session::unfinished`].
#[derive(Debug)]
#[must_use = "the session fails when it is dropped"]
pub struct Unfinished<'a>(&'a Session);

impl Unfinished<'_> {
    /// The request is at its end, and the session goes on.
    pub fn finish(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.fail(Error::with_message(ErrorKind::Io, "a request was broken off"));
    }
}

impl Session {
    /// Guards a request that brings several messages: if what this returns is dropped before it
    /// is [finished](Unfinished::finish), the session [fails](Self::fail) with
    /// [`ErrorKind::Io`], since a part of them may be lost.
    pub fn unfinished(&self) -> Unfinished<'_> {
        Unfinished(self)
    }
}
