//! Plimsoll over TCP, TLS and Unix sockets.
