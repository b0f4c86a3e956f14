//! The cookies that a server sets.

use std::time::{Duration, SystemTime};

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// The cookies that a server sets. Load balancers find the server of a session by them.
///
/// A session lives at one place and not for long, so only the name, the value and the life of a
/// cookie count (RFC 6265, section 5.2). Of different names 32 are kept.
#[derive(Clone, Debug, Default)]
pub struct Cookies(Vec<Cookie>);

#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    expires: Option<SystemTime>,
}

impl Cookies {
    /// Takes the cookies of a response. What is none, and those that are too many, are left out.
    pub fn read(&mut self, response: &HeaderMap, now: SystemTime) {
        for cookie in response.get_all(SET_COOKIE) {
            let Some(cookie) = cookie.to_str().ok().and_then(|it| Cookie::parse(it, now)) else {
                continue;
            };
            self.0.retain(|known| known.name != cookie.name);
            if self.0.len() < MAX_COOKIES {
                self.0.push(cookie);
            }
        }
    }

    /// Adds those that have not expired to a request, after its own.
    pub fn add_to(&self, request: &mut HeaderMap, now: SystemTime) {
        if self.0.is_empty() {
            return;
        }
        let own = request.get_all(COOKIE).iter().filter_map(|own| own.to_str().ok());
        let live = self.0.iter().filter(|cookie| cookie.expires.is_none_or(|end| end > now));
        let live = live.map(|Cookie { name, value, .. }| format!("{name}={value}"));
        let all: Vec<_> = own.map(str::to_owned).chain(live).collect();
        if let Ok(mut all) = HeaderValue::from_str(&all.join("; "))
            && !all.is_empty()
        {
            all.set_sensitive(true);
            request.insert(COOKIE, all);
        }
    }
}

impl Cookie {
    fn parse(header: &str, now: SystemTime) -> Option<Self> {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim_end().to_owned(), value.trim_start().to_owned());
        let (mut expires, mut max_age) = (None, None);
        for (attribute, value) in parts.filter_map(|part| part.split_once('=')) {
            if attribute.trim_end().eq_ignore_ascii_case("expires") {
                expires = httpdate::parse_http_date(value.trim_start()).ok().or(expires);
            } else if attribute.trim_end().eq_ignore_ascii_case("max-age") {
                max_age = value.trim_start().parse::<i64>().ok().or(max_age);
            }
        }
        // Max-Age goes before Expires.
        if let Some(seconds) = max_age {
            expires = match u64::try_from(seconds) {
                Ok(seconds) => now.checked_add(Duration::from_secs(seconds)),
                Err(_) => Some(now),
            };
        }
        (!name.is_empty()).then_some(Self { name, value, expires })
    }
}

const MAX_COOKIES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(set: &[&'static str], own: Option<&'static str>, later: u64) -> Option<String> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let mut headers = HeaderMap::new();
        for cookie in set {
            headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        let mut cookies = Cookies::default();
        cookies.read(&headers, now);
        let mut headers = HeaderMap::new();
        headers.extend(own.map(|own| (COOKIE, HeaderValue::from_static(own))));
        cookies.add_to(&mut headers, now + Duration::from_secs(later));
        headers.get(COOKIE).map(|cookie| cookie.to_str().unwrap().to_owned())
    }

    #[test]
    fn cookies_come_back_while_they_live() {
        let set = [
            "1=1; Max-Age=86400",
            "2=2; SameSite=Strict; Path=/; HttpOnly; Secure",
            "3=3; Max-Age=0",
            "4=4; Expires=Tue, 14 Nov 2023 22:13:20 GMT",
            "5=a=b; max-age=10; expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "6=6; Max-Age=-1",
            "7=old",
            "7=",
        ];
        assert_eq!(sent(&set, None, 9).as_deref(), Some("1=1; 2=2; 5=a=b; 7="));
        assert_eq!(sent(&set, Some("a=1"), 10).as_deref(), Some("a=1; 1=1; 2=2; 7="));
        assert_eq!(sent(&[], Some("a=1"), 0).as_deref(), Some("a=1"));
        assert_eq!(sent(&[], None, 0), None);
    }

    #[test]
    fn what_is_no_cookie_is_left_out() {
        let set = ["", ";", "=", "=a", "name", "ok=1; Max-Age=9223372036854775807", "a=b; =;="];
        assert_eq!(sent(&set, None, 0).as_deref(), Some("ok=1; a=b"));
    }
    #[test]
    fn cookies_of_several_responses_are_kept() {
        let now = SystemTime::UNIX_EPOCH;
        let mut cookies = Cookies::default();
        for set in ["a=1", "b=2", "a=3"] {
            let response = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static(set))]);
            cookies.read(&response, now);
        }
        let mut request = HeaderMap::new();
        cookies.add_to(&mut request, now);
        assert_eq!(request[COOKIE], "b=2; a=3");
    }

    #[test]
    fn a_server_sets_only_so_many_cookies() {
        let mut response = HeaderMap::new();
        for number in 0..1000 {
            response.append(SET_COOKIE, format!("c{number}=1").parse().unwrap());
        }
        let mut cookies = Cookies::default();
        cookies.read(&response, SystemTime::UNIX_EPOCH);
        assert_eq!(cookies.0.len(), MAX_COOKIES);
    }
}
