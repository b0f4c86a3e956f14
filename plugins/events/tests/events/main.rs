//! Events on connections in memory, by the public API.

mod bounds;
mod events;
mod formats;
mod ground;
mod hostile;
mod requests;
