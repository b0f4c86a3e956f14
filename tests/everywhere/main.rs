//! One application, over each transport, with and without plugins: the same everywhere.
//!
//! `ground` has the transports and the stacks of plugins, `scenarios` what is tried on each
//! combination of the two, `across` what is tried on all transports at once, and `contract` the
//! conformance kit over what plugins make of a connection.

mod across;
mod contract;
mod ground;
mod scenarios;
