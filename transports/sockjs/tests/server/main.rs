//! The server by what it answers: as a stranger would ask it, without a network where that shows
//! the same.

mod ground;
mod hostile;
mod http2;
mod pages;
mod polling;
mod reference;
mod sending;
mod streaming;
mod websocket;
