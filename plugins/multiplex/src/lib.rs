//! Many channels over one connection, each a duplex of its own.
