//! What the wakers of this crate are made of, in one place so that a model checker can take it.

pub(crate) use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use futures::task::AtomicWaker;
