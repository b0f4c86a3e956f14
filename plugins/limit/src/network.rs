//! What counts as one address.

use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, or the IPv6 addresses that have a prefix in common.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Network(IpAddr);

impl Network {
    /// The network of `address`. An IPv4 address that is written as an IPv6 one counts as the
    /// former. The prefix is from 1 to 128 bits.
    pub(crate) fn new(address: IpAddr, ipv6_prefix: u8) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let rest = 128 - u32::from(ipv6_prefix.min(128));
                let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
                Ipv6Addr::from(u128::from(address) & mask).into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_says_which_addresses_are_one() {
        for (one, other, prefix, expected) in [
            ("10.0.0.1", "10.0.0.1", 64, true),
            ("10.0.0.1", "10.0.0.2", 64, false),
            ("10.0.0.1", "::ffff:10.0.0.1", 64, true),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.2", 64, false),
            ("2001:db8::1", "2001:db8::ffff:0:0:2", 64, true),
            ("2001:db8::1", "2001:db8:0:1::1", 64, false),
            ("2001:db8::1", "2001:db8:0:1::1", 48, true),
            ("2001:db8::1", "2001:db8::2", 128, false),
            ("2001:db8::1", "3fff::1", 1, true),
            ("2001:db8::1", "8000::1", 1, false),
        ] {
            let network = |address: &str| Network::new(address.parse().unwrap(), prefix);
            assert_eq!(network(one) == network(other), expected, "{one} and {other} by {prefix}");
        }
    }
}
