//! The address that a call is counted for.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

use super::options::Proxy;
use crate::shares::network;

/// Returns the network of the peer or, behind proxies, of the nearest address that is none of them: each proxy adds its peer at the right,
/// and what is left of a stranger's address is the stranger's word.
pub(super) fn origin(peer: IpAddr, headers: &HeaderMap, proxies: &[Proxy]) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.is(address));
    let mut nearest = peer.to_canonical();
    let values = headers.get_all("x-forwarded-for").into_iter().rev();
    for entry in values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')) {
        if !is_proxy(nearest) {
            break;
        }
        // What a proxy cannot say is counted for the proxy.
        let Some(address) = read(entry) else { break };
        nearest = address;
    }
    network(nearest)
}

/// Reads an address. Some proxies add a port.
fn read(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(peer: &str, forwarded: &[&'static str]) -> String {
        let proxies: Vec<Proxy> = ["10.0.0.0/8", "fd00::1"].iter().map(|text| text.parse().expect("a proxy")).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        origin(peer.parse().expect("an address"), &headers, &proxies).to_string()
    }

    #[test]
    fn only_proxies_are_believed() {
        assert_eq!(of("192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(of("192.0.2.1", &["198.51.100.1"]), "192.0.2.1", "a stranger's word");
        assert_eq!(of("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("fd00::1", &["203.0.113.9, 198.51.100.1, 10.9.9.9"]), "198.51.100.1", "the nearest that is no proxy");
        assert_eq!(of("10.0.0.1", &["203.0.113.9", "198.51.100.1,10.9.9.9"]), "198.51.100.1", "in several headers");
        assert_eq!(of("10.0.0.1", &["10.0.0.2,10.0.0.3"]), "10.0.0.2", "a proxy that calls by itself");
        assert_eq!(of("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::");
    }

    #[test]
    fn what_is_no_address_is_counted_for_the_proxy() {
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.1, , 10.0.0.9"]), "10.0.0.9");
        assert_eq!(of("10.0.0.1", &[""]), "10.0.0.1");
    }

    #[test]
    fn an_address_of_version_6_is_its_network() {
        assert_eq!((of("2001:db8::1", &[]), of("2001:db8::2", &[])), ("2001:db8::".to_owned(), "2001:db8::".to_owned()));
        assert_eq!(of("10.0.0.1", &["2001:db8:0:1::2"]), "2001:db8:0:1::");
    }
}
