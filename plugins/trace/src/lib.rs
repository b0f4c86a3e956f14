//! Spans and counters for each connection.
