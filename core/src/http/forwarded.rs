//! The client's address behind proxies: `X-Forwarded-For`.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use crate::PeerAddr;

/// The peer's address, seen through the proxies that are trusted.
///
/// The header is read from its end, where the nearest proxy wrote, as long as the address that
/// wrote is trusted: what a client puts in front itself is never believed.
pub(super) fn peer(direct: PeerAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> PeerAddr {
    let PeerAddr::Ip(mut address) = direct else { return direct };
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut hops = lines
        .map(|line| line.to_str().unwrap_or_default())
        .flat_map(|line| line.rsplit(','))
        .map(|hop| hop.trim().parse::<IpAddr>());
    while trusted.contains(&address.ip().to_canonical()) {
        match hops.next() {
            Some(Ok(hop)) => address = SocketAddr::new(hop, 0),
            Some(Err(_)) | None => break,
        }
    }
    PeerAddr::Ip(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_wrote_is_believed() {
        let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        for (direct, header, expected) in [
            ("1.1.1.1:5", vec!["9.9.9.9"], "1.1.1.1:5"),
            ("10.0.0.1:5", vec!["9.9.9.9"], "9.9.9.9:0"),
            ("10.0.0.1:5", vec!["6.6.6.6, 9.9.9.9"], "9.9.9.9:0"),
            ("10.0.0.1:5", vec!["6.6.6.6", "9.9.9.9, 10.0.0.2"], "9.9.9.9:0"),
            ("10.0.0.1:5", vec!["9.9.9.9, nonsense"], "10.0.0.1:5"),
            ("10.0.0.1:5", vec![], "10.0.0.1:5"),
            ("[::ffff:10.0.0.1]:5", vec!["2001:db8::1"], "[2001:db8::1]:0"),
        ] {
            let mut headers = HeaderMap::new();
            for line in header {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            let seen = peer(PeerAddr::Ip(direct.parse().unwrap()), &headers, &proxies);
            assert_eq!(seen, PeerAddr::Ip(expected.parse().unwrap()), "{headers:?}");
        }
    }
}
