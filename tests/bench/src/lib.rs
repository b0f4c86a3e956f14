//! Servers, load and the comparison table.
//!
//! - [`server`]: the same two applications, echo and fan-out, on Plimsoll and on other libraries
//!   for WebSocket, Engine.IO and SockJS.
//! - [`load`]: one thread that keeps any number of connections busy and checks every byte it gets.
//! - [`compare`]: runs one against the other, in turns, and makes a table of the medians.
//!
//! What counts is the CPU time that the *server* uses per message, not messages per second: it
//! does not depend on how fast the load is, and hardly on what else the machine does.

pub mod arguments;
pub mod compare;
pub mod load;
pub mod process;
pub mod server;
