//! The servers on Node: the scripts in `servers/node`, one for each package.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Replaces this process by Node with the script for `package`. The packages are installed first
/// if this one is not there.
pub(super) fn exec(package: &str, port: u16) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers/node");
    if !folder.join("node_modules").join(package).exists() {
        install(&folder)?;
    }
    let script = folder.join(format!("{package}.mjs"));
    let error = Command::new("node").arg(script).arg(port.to_string()).exec();
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
