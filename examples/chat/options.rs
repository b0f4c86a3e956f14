//! The command line.

use std::env;
use std::path::PathBuf;
use std::process;
use std::str::FromStr;

pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) tcp_port: u16,
    pub(crate) unix: PathBuf,
    /// Scripts for the page.
    pub(crate) libraries: Vec<PathBuf>,
}

impl Options {
    /// Reads the options of the command line, without the program's name.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let socket = format!("plimsoll-chat-{}.sock", process::id());
        let unix = env::temp_dir().join(socket);
        let mut options = Self { port: 8080, tcp_port: 8081, unix, libraries: Vec::new() };
        while let Some(option) = args.next() {
            let value = args.next();
            match &*option {
                "--port" => options.port = parse(&option, value)?,
                "--tcp-port" => options.tcp_port = parse(&option, value)?,
                "--unix" => options.unix = parse(&option, value)?,
                "--library" => options.libraries.push(parse(&option, value)?),
                "--node-modules" => {
                    let folder: PathBuf = parse(&option, value)?;
                    options.libraries.extend(PACKAGES.map(|file| folder.join(file)));
                }
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

/// The libraries in the packages `engine.io-client` and `sockjs-client`.
const PACKAGES: [&str; 2] =
    ["engine.io-client/dist/engine.io.min.js", "sockjs-client/dist/sockjs.min.js"];

const USAGE: &str = "\
usage: chat [--port N] [--tcp-port N] [--unix PATH] [--library FILE]... [--node-modules DIR]
  --port N            the page and its transports, on 127.0.0.1 (default 8080; 0 for any free port)
  --tcp-port N        TCP, on 127.0.0.1 (default 8081; 0 for any free port)
  --unix PATH         the Unix socket (default: in the folder for temporary files)
  --library FILE      engine.io.min.js, sockjs.min.js or primus.js, with which the page can do more
  --node-modules DIR  where npm has put engine.io-client and sockjs-client: a --library for each";
