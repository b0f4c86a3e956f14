//! The client, against servers of Node.

mod ground;
mod link;
mod servers;
