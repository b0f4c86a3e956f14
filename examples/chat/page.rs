//! The web page, and what it may do.

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use axum::routing::get;
use plimsoll::HttpService;

/// The page's files; every other path is the chat's.
pub(crate) fn router(chat: HttpService) -> Router {
    let files = FILES.into_iter().fold(Router::new(), |router, (path, content_type, content)| {
        router.route(path, get(async move || file(content_type, content)))
    });
    files.fallback_service(chat)
}

fn file(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, content)
}

/// Nothing from elsewhere, nothing inline, and in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
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
