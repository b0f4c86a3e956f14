//! The plugin that limits connections, and its options.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll::{Close, Error, Handshake, Info, PeerAddr, Plugin, Reject};

use crate::bucket::Rate;
use crate::census::Census;
use crate::network::Network;
use crate::seat::Seats;

/// Limits how many connections are open, and how fast new ones come: in total, from each
/// address, and for each key that the application names.
///
/// Clones share their counts, so that one limit can span several endpoints.
///
/// ```
/// use plimsoll::Plugin;
/// use plimsoll_limit::ConnectionLimit;
///
/// let limit = ConnectionLimit::new()
///     .total(10_000)
///     .per_address(50)
///     .handshakes(500, 2_000)
///     .handshakes_per_address(5, 50);
/// assert!(limit.check().is_ok());
/// assert!(ConnectionLimit::new().check().is_err(), "it limits nothing");
/// ```
#[derive(Clone)]
pub struct ConnectionLimit {
    options: Options,
    key: Option<KeyFn>,
    census: Arc<Census>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) total: Option<u32>,
    pub(crate) per_address: Option<u32>,
    pub(crate) per_key: Option<u32>,
    pub(crate) handshakes: Option<Rate>,
    pub(crate) handshakes_per_address: Option<Rate>,
    pub(crate) ipv6_prefix: u8,
    pub(crate) max_addresses: usize,
}

impl ConnectionLimit {
    /// Limits nothing yet: at least one limit has to be set.
    pub fn new() -> Self {
        let options = Options {
            total: None,
            per_address: None,
            per_key: None,
            handshakes: None,
            handshakes_per_address: None,
            ipv6_prefix: 64,
            max_addresses: 100_000,
        };
        Self { options, key: None, census: Arc::default() }
    }

    /// Sets how many connections may be open in total, at least 1; more are turned away with
    /// status 503. Default: no limit but the endpoint's own
    /// [`max_connections`](plimsoll::EndpointBuilder::max_connections).
    #[must_use]
    pub fn total(mut self, max: u32) -> Self {
        self.options.total = Some(max);
        self
    }

    /// Sets how many connections may be open from one address, at least 1; more are turned away
    /// with status 429. Default: no limit.
    ///
    /// Many people may share an address: those in one office, or all customers of a mobile
    /// network. Behind a proxy all have the proxy's address, unless it is one of the service's
    /// `trusted_proxies`.
    #[must_use]
    pub fn per_address(mut self, max: u32) -> Self {
        self.options.per_address = Some(max);
        self
    }

    /// Sets how many connections with the same key may be open, at least 1; more are turned
    /// away with status 429. Default: no limit.
    ///
    /// `key` finds it, for example the user that an authentication plugin has stored in the
    /// [`Info`]; so that plugin has to be added before this one. Connections for which it gives
    /// `None` are not limited by key.
    #[must_use]
    pub fn per_key(
        mut self,
        max: u32,
        key: impl Fn(&Info) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.options.per_key = Some(max);
        self.key = Some(Arc::new(key));
        self
    }

    /// Sets how many handshakes may come in a second, from 0.001 to 1e9, and at once, at
    /// least 1; more are turned away with status 503. Default: no limit.
    #[must_use]
    pub fn handshakes(mut self, per_second: impl Into<f64>, burst: u32) -> Self {
        self.options.handshakes = Some(Rate::new(per_second, burst));
        self
    }

    /// Sets how many handshakes may come from one address in a second, from 0.001 to 1e9, and
    /// at once, at least 1; more are turned away with status 429. Default: no limit.
    #[must_use]
    pub fn handshakes_per_address(mut self, per_second: impl Into<f64>, burst: u32) -> Self {
        self.options.handshakes_per_address = Some(Rate::new(per_second, burst));
        self
    }

    /// Sets how many leading bits of IPv6 addresses count, from 1 to 128: addresses that have
    /// them in common are one, since a single customer has a whole network of them.
    /// Default: 64.
    #[must_use]
    pub fn ipv6_prefix(mut self, bits: u8) -> Self {
        self.options.ipv6_prefix = bits;
        self
    }

    /// Sets for how many addresses the rate of handshakes is remembered, at least 2.
    /// Default: 100,000.
    ///
    /// When more come, the half that was heard of longest ago is forgotten, and starts again
    /// with a full burst.
    #[must_use]
    pub fn max_addresses(mut self, max: usize) -> Self {
        self.options.max_addresses = max;
        self
    }

    fn network(&self, info: &Info) -> Option<Network> {
        let address: IpAddr = info.peer().and_then(PeerAddr::ip)?;
        Some(Network::new(address, self.options.ipv6_prefix))
    }
}

impl Default for ConnectionLimit {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Plugin for ConnectionLimit {
    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        let info = handshake.info();
        let network = self.network(info);
        let key = self.key.as_ref().and_then(|key| key(info));
        let seat = self.census.enter(&self.options, network, key)?;
        Seats::add(handshake.extensions_mut(), seat);
        Ok(())
    }

    fn closed(&self, info: &Info, _: &Close) {
        if let Some(seats) = info.get::<Seats>() {
            seats.leave();
        }
    }
}

impl fmt::Debug for ConnectionLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionLimit").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Options {
    fn check(&self) -> Result<(), Error> {
        let Self { total, per_address, per_key, handshakes, handshakes_per_address, .. } = *self;
        let counts = [("total", total), ("per_address", per_address), ("per_key", per_key)];
        let rates =
            [("handshakes", handshakes), ("handshakes_per_address", handshakes_per_address)];
        for (option, max) in counts {
            if max == Some(0) {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        for (option, rate) in rates {
            rate.map_or(Ok(()), |rate| rate.check(option))?;
        }
        if counts.iter().all(|(_, max)| max.is_none()) && rates.iter().all(|(_, r)| r.is_none()) {
            let remedy = "set at least one limit, for example `.per_address(50)`";
            return Err(Error::config("ConnectionLimit", remedy));
        }
        if !(1..=128).contains(&self.ipv6_prefix) {
            return Err(Error::config("ipv6_prefix", "must be from 1 to 128 bits"));
        }
        if self.max_addresses < 2 {
            return Err(Error::config("max_addresses", "must be at least 2"));
        }
        Ok(())
    }
}

type KeyFn = Arc<dyn Fn(&Info) -> Option<String> + Send + Sync>;
