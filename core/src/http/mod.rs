//! Server transports that live in an HTTP server.

mod body;
mod forwarded;
mod origins;
mod service;

pub use self::body::Body;
pub use self::origins::Origins;
pub use self::service::{HttpService, HttpServiceBuilder, HttpTransport, MountPath};
