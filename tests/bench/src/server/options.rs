//! What a server can be told.

use std::io;

use super::Implementation;
use crate::arguments::{Arguments, unknown};

/// The help text of the `server` program.
pub const HELP: &str = "\
server IMPLEMENTATION [--port N] [--core N]   prints `listening on ADDRESS` when it is ready

IMPLEMENTATION  plimsoll, plimsoll+plugins, plimsoll-text, tungstenite, fastwebsockets, axum,
                node, node-engine.io, node-primus, node-sockjs; engineioxide with the feature of
                that name
--port N        0, which is any free port
--core N        pin the server to one core
";

/// One server.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What it is made of.
    pub implementation: Implementation,
    /// Where it listens on 127.0.0.1; 0, the default, is any free port.
    pub port: u16,
    /// The core it runs on; any by default.
    pub core: Option<usize>,
}

impl Options {
    /// Reads `IMPLEMENTATION [options]`.
    ///
    /// # Errors
    /// The implementation is missing, or an option is unknown.
    pub fn parse(mut arguments: Arguments) -> io::Result<Self> {
        let implementation = arguments.positional("IMPLEMENTATION")?;
        let mut options = Self { implementation, port: 0, core: None };
        while let Some(option) = arguments.option()? {
            match option.as_str() {
                "--port" => options.port = arguments.value(&option)?,
                "--core" => options.core = Some(arguments.value(&option)?),
                _ => return Err(unknown(&option)),
            }
        }
        Ok(options)
    }
}
