//! Scripts that are not part of the example: the page uses those that are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use plimsoll::Error;

/// The scripts by the names of their files.
#[derive(Debug)]
pub(crate) struct Libraries(BTreeMap<String, Bytes>);

impl Libraries {
    /// Reads the files, once and for all.
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, Error> {
        let read = |file: &PathBuf| match (file.file_name(), fs::read(file)) {
            (Some(name), Ok(script)) => Ok((name.to_string_lossy().into_owned(), script.into())),
            (_, Err(error)) => {
                Err(Error::config("library", format!("{}: {error}", file.display())))
            }
            (None, Ok(_)) => Err(Error::config("library", "must be a file")),
        };
        files.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Bytes> {
        self.0.get(name).cloned()
    }

    /// The names as JSON.
    pub(crate) fn list(&self) -> String {
        serde_json::json!(self.0.keys().collect::<Vec<_>>()).to_string()
    }
}
