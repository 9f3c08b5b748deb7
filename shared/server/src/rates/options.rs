//! Settings of rates.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;

use clap::Args;
use ipnet::IpNet;

use super::clock::RateClock;

/// How often one caller, and one address, may call.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rates")]
pub struct RateOptions {
    /// Calls per second of one user or service, at each replica; a stream counts when it is opened
    #[arg(long, env = "ORCHARD_CALLER_RATE", default_value = "50", value_name = "NUMBER")]
    pub caller_rate: NonZeroU32,
    /// Calls that a user or service that has been silent may make at once
    #[arg(long, env = "ORCHARD_CALLER_BURST", default_value = "100", value_name = "NUMBER")]
    pub caller_burst: NonZeroU32,
    /// Calls per second of one address (IPv6: one /64), at each replica, whoever makes them and whether their token is good or not
    #[arg(long, env = "ORCHARD_ADDRESS_RATE", default_value = "100", value_name = "NUMBER")]
    pub address_rate: NonZeroU32,
    /// Calls that an address that has been silent may make at once
    #[arg(long, env = "ORCHARD_ADDRESS_BURST", default_value = "200", value_name = "NUMBER")]
    pub address_burst: NonZeroU32,
    /// Callers and addresses, half of each, that are counted apart; what is beyond that shares one rate
    #[arg(long, env = "ORCHARD_RATE_KEYS", default_value = "100000", value_name = "NUMBER")]
    pub rate_keys: NonZeroUsize,
    /// Proxies in front, whose `X-Forwarded-For` is believed: addresses or networks, such as 10.1.2.3,10.8.0.0/16,fd00::/8
    #[arg(long, env = "ORCHARD_PROXIES", value_delimiter = ',', value_name = "NETWORKS")]
    pub proxies: Vec<Proxy>,
    /// The clock
    #[arg(skip)]
    pub clock: RateClock,
}

/// An address or a network of proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy(IpNet);

impl Proxy {
    pub(super) fn is(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

/// The text names no address and no network.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address or a network, such as 10.1.2.3 or 10.8.0.0/16")]
pub struct InvalidProxy;

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let text = text.trim();
        let address = || text.parse().map(|address: IpAddr| address.to_canonical().into());
        text.parse().or_else(|_no_network| address()).map(Self).map_err(|_neither| InvalidProxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_or_networks() {
        let is = |proxy: &str, address: &str| {
            proxy.parse::<Proxy>().expect("a proxy").is(address.parse::<IpAddr>().expect("an address"))
        };
        assert!(is("10.1.2.3", "10.1.2.3") && !is("10.1.2.3", "10.1.2.4"));
        assert!(is(" 10.8.0.0/16", "10.8.255.1") && !is("10.8.0.0/16", "10.9.0.1"));
        assert!(is("fd00::/8", "fd12::1") && !is("fd00::/8", "fe80::1"));
        assert!(is("::ffff:10.1.2.3", "10.1.2.3"));
        for bad in ["", "proxy", "10.1.2", "10.0.0.0/33", "*"] {
            assert_eq!(bad.parse::<Proxy>(), Err(InvalidProxy), "{bad}");
        }
    }
}
