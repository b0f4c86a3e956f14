//! The package `ws` on Node: the script in `servers/node`.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Replaces this process by Node. The package is installed first if it is not there.
pub(super) fn exec(port: u16) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/node");
    if !folder.join("node_modules/ws").exists() {
        install(&folder)?;
    }
    let error = Command::new("node").arg(folder.join("ws.mjs")).arg(port.to_string()).exec();
    Err(io::Error::new(error.kind(), format!("cannot run node: {error}")))
}

fn install(folder: &Path) -> io::Result<()> {
    let status = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .map_err(|error| io::Error::new(error.kind(), format!("cannot run npm: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("npm ci in {} ended with {status}", folder.display())))
    }
}
