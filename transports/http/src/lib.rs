//! The HTTP server under the transports of Plimsoll that live in one.
