//! Requests over HTTP, and what connections get of them.

mod bounds;
mod ground;
mod nested;
mod omega_supreme;
mod recipients;
mod refusals;
