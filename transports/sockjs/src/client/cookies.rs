use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

/// The cookies that the server sets while a session opens. Load balancers find the session's
/// server by them.
///
/// A session lives at one place and not for long, so only the name and the value of a cookie
/// count (RFC 6265, section 5.2).
#[derive(Clone, Debug, Default)]
pub(super) struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Takes the cookies of a response. What is none, and those that are too many, are left out.
    pub(super) fn read(&mut self, response: &HeaderMap) {
        for cookie in response.get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|cookie| cookie.split(';').next());
            let Some((name, value)) = pair.and_then(|pair| pair.split_once('=')) else { continue };
            let (name, value) = (name.trim(), value.trim());
            self.0.retain(|(known, _)| known != name);
            if !name.is_empty() && self.0.len() < MAX_COOKIES {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Adds them to a request, after its own.
    pub(super) fn add_to(&self, request: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        let own = request.get_all(COOKIE).iter().filter_map(|own| own.to_str().ok());
        let set = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        let all: Vec<_> = own.map(str::to_owned).chain(set).collect();
        if let Ok(mut all) = HeaderValue::try_from(all.join("; ")) {
            all.set_sensitive(true);
            request.insert(COOKIE, all);
        }
    }
}

const MAX_COOKIES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_brings_its_own_cookies_and_those_that_were_set() {
        let mut response = HeaderMap::new();
        for cookie in ["JSESSIONID=dummy; path=/", "a=1", "a = 2 ; Secure", "=x", "none", "b=é"] {
            response.append(SET_COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
        }
        let mut cookies = Cookies::default();
        let mut request = HeaderMap::new();
        cookies.add_to(&mut request);
        assert!(request.is_empty());
        cookies.read(&response);
        request.insert(COOKIE, HeaderValue::from_static("own=0"));
        cookies.add_to(&mut request);
        assert_eq!(request[COOKIE], "own=0; JSESSIONID=dummy; a=2");
    }

    #[test]
    fn a_server_sets_only_so_many_cookies() {
        let mut response = HeaderMap::new();
        for number in 0..1000 {
            response.append(SET_COOKIE, format!("c{number}=1").parse().unwrap());
        }
        let mut cookies = Cookies::default();
        cookies.read(&response);
        assert_eq!(cookies.0.len(), MAX_COOKIES);
    }
}
