//! The server, as requests made by hand see it.

mod answers;
mod common;
mod ends;
mod headers;
mod hostile;
mod http2;
mod limits;
mod upgrade;
mod version3;
mod websocket;
