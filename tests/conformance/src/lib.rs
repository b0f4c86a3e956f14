//! The conformance kit for transports, and servers for protocol suites.
