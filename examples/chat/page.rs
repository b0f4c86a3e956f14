//! The web page, and what it may do.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use plimsoll::HttpService;

use crate::libraries::Libraries;

/// The page's files; every other path is the chat's.
pub(crate) fn router(chat: HttpService, libraries: Libraries) -> Router {
    let files = FILES.into_iter().fold(Router::new(), |router, (path, content_type, content)| {
        router.route(path, get(async move || file(content_type, content)))
    });
    let list = libraries.list();
    let libraries = Arc::new(libraries);
    files
        .route("/libraries/", get(async move || file(JSON, list)))
        .route(
            "/libraries/{name}",
            get(async move |Path(name): Path<String>| library(&libraries, &name)),
        )
        .fallback_service(chat)
}

fn library(libraries: &Libraries, name: &str) -> Response {
    match libraries.get(name) {
        Some(script) => file(SCRIPT, script),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn file(content_type: &'static str, content: impl Into<Bytes>) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Under "no-referrer" forms, with which JSONP sends, would hide their origin.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, content.into()).into_response()
}

/// Nothing from elsewhere, nothing inline, and in no frame. SockJS has transports with frames of
/// its own, and one that sends by forms.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";

const FILES: [(&str, &str, &str); 8] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/chat.css", CSS, include_str!("page/chat.css")),
    ("/chat.js", SCRIPT, include_str!("page/chat.js")),
    ("/conversation.js", SCRIPT, include_str!("page/conversation.js")),
    ("/messagepack.js", SCRIPT, include_str!("page/messagepack.js")),
    ("/transports.js", SCRIPT, include_str!("page/transports.js")),
    ("/theme.css", CSS, include_str!("page/theme.css")),
    ("/mark.svg", SVG, include_str!("page/mark.svg")),
];
