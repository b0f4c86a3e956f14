//! Requests that need no session, and the headers of all.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use plimsoll::{Body, Reject};

use super::sockjs::SockJs;
use crate::Transport;
use crate::codec::info::{ServerInfo, entropy};
use crate::codec::page::GREETING;
use crate::codec::{Route, SendFormat, headers};

impl SockJs {
    pub(super) fn greeting(&self) -> Response<Body> {
        page(Bytes::from_static(GREETING.as_bytes()), "text/plain; charset=UTF-8")
    }

    pub(super) fn iframe(&self, request: &HeaderMap) -> Response<Body> {
        let known = request.get_all(IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
        let mut response = if known.into_iter().any(|tags| self.iframe.is_known(tags)) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            page(self.iframe.html.clone(), "text/html; charset=UTF-8")
        };
        if let Ok(etag) = HeaderValue::from_str(&self.iframe.etag) {
            response.headers_mut().insert(ETAG, etag);
        }
        response
    }

    pub(super) fn info(&self) -> Result<Response<Body>, Reject> {
        let info = ServerInfo {
            websocket: self.options.has(Transport::WebSocket),
            cookie_needed: self.options.jsessionid,
            base_url: self.options.base_url.clone(),
        };
        let entropy = entropy().map_err(|_| Reject::new(StatusCode::INTERNAL_SERVER_ERROR, ""))?;
        Ok(page(info.encode(entropy), "application/json; charset=UTF-8"))
    }

    pub(super) fn preflight(&self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }

    /// The headers that every answer to a request has, whatever comes of it.
    pub(super) fn headers(
        &self,
        route: Route<'_>,
        method: &Method,
        request: &HeaderMap,
    ) -> HeaderMap {
        let mut response = HeaderMap::new();
        let access = access(route);
        if access == Access::None {
            return response;
        }
        let asks = method == Method::OPTIONS;
        if self.options.jsessionid && (asks || has_cookie(route)) {
            headers::jsessionid(request, &mut response);
        }
        if asks || route == Route::Iframe {
            headers::cacheable(SystemTime::now(), &mut response);
        } else {
            headers::no_cache(&mut response);
        }
        if self.options.cors {
            match access {
                Access::EventSource => headers::event_source_cors(request, &mut response),
                Access::Cors => headers::cors(request, &mut response),
                Access::None | Access::SameOrigin => {}
            }
            if asks {
                let methods = if route.allows("GET") { "OPTIONS, GET" } else { "OPTIONS, POST" };
                headers::preflight(methods, &mut response);
            }
        }
        response
    }
}

/// Who may read the answers of a route.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Access {
    Cors,
    EventSource,
    /// It has no headers for caches either.
    None,
    SameOrigin,
}

fn access(route: Route<'_>) -> Access {
    match route {
        Route::Greeting | Route::RawWebSocket => Access::None,
        Route::Iframe | Route::Send { format: SendFormat::Form, .. } => Access::SameOrigin,
        Route::Info | Route::Send { format: SendFormat::Json, .. } => Access::Cors,
        Route::Receive { transport, .. } => match transport {
            Transport::EventSource => Access::EventSource,
            Transport::HtmlFile | Transport::JsonpPolling => Access::SameOrigin,
            Transport::WebSocket => Access::None,
            Transport::XhrPolling | Transport::XhrStreaming => Access::Cors,
        },
    }
}

fn has_cookie(route: Route<'_>) -> bool {
    matches!(route, Route::Receive { .. } | Route::Send { .. })
}

fn page(body: Bytes, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
