//! The client library.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use plimsoll::{Body, Error};

/// A script, or why there is none.
pub(crate) struct Library(Result<Script, String>);

struct Script {
    source: Bytes,
    etag: String,
}

impl Library {
    pub(crate) fn new(source: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        let etag = format!("\"{:x}-{:016x}\"", source.len(), hasher.finish());
        Self(Ok(Script { source, etag }))
    }

    pub(crate) fn read(path: &Path) -> Self {
        match std::fs::read(path) {
            Ok(source) => Self::new(source.into()),
            Err(error) => Self(Err(format!("cannot read {}: {error}", path.display()))),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Ok(script) if script.source.is_empty() => {
                Err(Error::config("library", "must not be empty"))
            }
            Ok(_) => Ok(()),
            Err(remedy) => Err(Error::config("library_file", remedy)),
        }
    }

    /// The script, to be asked for again each time, but sent only to those that do not have it.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        let Ok(script) = &self.0 else {
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(etag) = HeaderValue::from_str(&script.etag) {
            headers.insert(ETAG, etag);
        }
        let lists = request.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
        let mut tags = lists.flat_map(|tags| tags.split(',')).map(str::trim);
        if tags.any(|tag| tag == "*" || tag.trim_start_matches("W/") == script.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
        *response.body_mut() = Body::from(script.source.clone());
        response
    }
}
