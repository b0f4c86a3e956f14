//! Headers of answers: who may read them, and who may keep them.

use std::time::{Duration, SystemTime};

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    CACHE_CONTROL, COOKIE, EXPIRES, ORIGIN, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue};

/// Nobody may keep the answer.
pub(crate) fn no_cache(response: &mut HeaderMap) {
    let never = "no-store, no-cache, no-transform, must-revalidate, max-age=0";
    response.insert(CACHE_CONTROL, HeaderValue::from_static(never));
}

/// Everybody may keep the answer for a year from `now`.
pub(crate) fn cacheable(now: SystemTime, response: &mut HeaderMap) {
    response.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000"));
    let expires = now.checked_add(YEAR).unwrap_or(now);
    if let Ok(expires) = HeaderValue::try_from(httpdate::fmt_http_date(expires)) {
        response.insert(EXPIRES, expires);
    }
}

/// The page that asks may read the answer, with its cookies (the CORS protocol of the Fetch
/// Standard). Whether it may ask at all was decided before.
pub(crate) fn cors(request: &HeaderMap, response: &mut HeaderMap) {
    response.insert(VARY, HeaderValue::from_static("Origin"));
    match request.get(ORIGIN).filter(|origin| !origin.is_empty()) {
        Some(origin) => {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        None => {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
    }
    let headers = request.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|names| !names.is_empty());
    if let Some(headers) = headers {
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
    }
}

/// As [`cors`], for eventsource, where the origin `null` counts as none.
pub(crate) fn event_source_cors(request: &HeaderMap, response: &mut HeaderMap) {
    cors(request, response);
    if request.get(ORIGIN).is_some_and(|origin| origin == "null") {
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response.remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
    }
}

/// What the answer to OPTIONS has besides [`cors`] and [`cacheable`]. `methods` are those of the
/// route, with OPTIONS first.
pub(crate) fn preflight(methods: &'static str, response: &mut HeaderMap) {
    response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("31536000"));
}

/// Gives the cookie JSESSIONID back, or sets it: load balancers stick to it.
pub(crate) fn jsessionid(request: &HeaderMap, response: &mut HeaderMap) {
    let cookies = request.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let id = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().strip_prefix("JSESSIONID="))
        .rfind(|id| is_cookie_value(id));
    let cookie = format!("JSESSIONID={}; path=/", id.unwrap_or("dummy"));
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.insert(SET_COOKIE, cookie);
    }
}

/// The characters of RFC 6265, section 4.1.1, and not too many.
fn is_cookie_value(value: &str) -> bool {
    (1..=MAX_COOKIE).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}

const YEAR: Duration = Duration::from_secs(31_536_000);
const MAX_COOKIE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn an_answer_is_kept_for_a_year_or_never() {
        let mut response = HeaderMap::new();
        cacheable(SystemTime::UNIX_EPOCH, &mut response);
        assert_eq!(response[CACHE_CONTROL], "public, max-age=31536000");
        assert_eq!(response[EXPIRES], "Fri, 01 Jan 1971 00:00:00 GMT");
        no_cache(&mut response);
        let never = "no-store, no-cache, no-transform, must-revalidate, max-age=0";
        assert_eq!(response[CACHE_CONTROL], never);
    }

    #[test]
    fn the_origin_is_reflected() {
        type Cors = fn(&HeaderMap, &mut HeaderMap);
        for (cors, origin, allowed) in [
            (cors as Cors, "https://a.example", "https://a.example"),
            (cors, "null", "null"),
            (cors, "", "*"),
            (event_source_cors, "https://a.example", "https://a.example"),
            (event_source_cors, "null", "*"),
            (event_source_cors, "", "*"),
        ] {
            let mut response = HeaderMap::new();
            cors(&with(ORIGIN, origin), &mut response);
            assert_eq!(response[ACCESS_CONTROL_ALLOW_ORIGIN], allowed);
            assert_eq!(response[VARY], "Origin");
            let credentials = response.get(ACCESS_CONTROL_ALLOW_CREDENTIALS);
            assert_eq!(
                credentials.map(HeaderValue::as_bytes),
                (allowed != "*").then_some(b"true".as_slice())
            );
            assert!(!response.contains_key(ACCESS_CONTROL_ALLOW_HEADERS));
        }
        for (asked, allowed) in [("a, b", Some("a, b")), ("", None)] {
            let mut response = HeaderMap::new();
            cors(&with(ACCESS_CONTROL_REQUEST_HEADERS, asked), &mut response);
            let headers = response.get(ACCESS_CONTROL_ALLOW_HEADERS);
            assert_eq!(headers.map(|names| names.to_str().unwrap()), allowed);
        }
        let mut response = HeaderMap::new();
        preflight("OPTIONS, POST", &mut response);
        assert_eq!(response[ACCESS_CONTROL_ALLOW_METHODS], "OPTIONS, POST");
        assert_eq!(response[ACCESS_CONTROL_MAX_AGE], "31536000");
    }

    #[test]
    fn the_cookie_comes_back_or_is_set() {
        for (cookies, id) in [
            ("", "dummy"),
            ("a=b", "dummy"),
            ("a=b; JSESSIONID=abc;c=d", "abc"),
            ("JSESSIONID=abc; JSESSIONID=def", "def"),
            ("JSESSIONID=", "dummy"),
            ("JSESSIONID=a b", "dummy"),
            ("XJSESSIONID=abc", "dummy"),
        ] {
            let mut response = HeaderMap::new();
            jsessionid(&with(COOKIE, cookies), &mut response);
            assert_eq!(response[SET_COOKIE], format!("JSESSIONID={id}; path=/"), "{cookies}");
        }
    }
}
