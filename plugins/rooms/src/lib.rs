//! Groups of connections, and broadcasts to them.
