//! The command line.

use std::env;
use std::path::PathBuf;
use std::process;
use std::str::FromStr;

pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) tcp_port: u16,
    pub(crate) unix: PathBuf,
}

impl Options {
    /// Reads the options of the command line, without the program's name.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let socket = format!("plimsoll-chat-{}.sock", process::id());
        let mut options = Self { port: 8080, tcp_port: 8081, unix: env::temp_dir().join(socket) };
        while let Some(option) = args.next() {
            let value = args.next();
            match &*option {
                "--port" => options.port = parse(&option, value)?,
                "--tcp-port" => options.tcp_port = parse(&option, value)?,
                "--unix" => options.unix = parse(&option, value)?,
                _ => return Err(format!("unknown option `{option}`\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

fn parse<T: FromStr>(option: &str, value: Option<String>) -> Result<T, String> {
    let value = value.ok_or_else(|| format!("`{option}` needs a value\n{USAGE}"))?;
    value.parse().map_err(|_| format!("`{option}` cannot be `{value}`\n{USAGE}"))
}

const USAGE: &str = "\
usage: chat [--port N] [--tcp-port N] [--unix PATH]
  --port N      the page and WebSocket, on 127.0.0.1 (default 8080; 0 for any free port)
  --tcp-port N  TCP, on 127.0.0.1 (default 8081; 0 for any free port)
  --unix PATH   the Unix socket (default: in the folder for temporary files)";
