//! Limits of rates and connections.
