//! The program in the README: a room in which members by WebSocket and by TCP hear each other.
//!
//! ```sh
//! cargo run --release --example readme
//! ```

include!("program.rs");
