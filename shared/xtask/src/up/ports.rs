//! The ports of the services.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::demo::Addresses;
use crate::project::{EDGE, SERVICES, SLICES};

const ADMIN_OFFSET: u16 = 10;
const WEB_OFFSET: u16 = 5;

/// The ports of all services on 127.0.0.1, counted from the edge's.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    first: u16,
}

impl Ports {
    /// Returns the ports that count from this one.
    pub fn from(edge: u16) -> Self {
        Self { first: edge }
    }

    /// Returns the edge's port.
    pub fn edge(self) -> u16 {
        self.first
    }

    /// Returns the port for calls of a service.
    pub fn of(self, service: &str) -> u16 {
        let slice = SLICES.iter().zip(1..).find(|(name, _)| **name == service);
        self.first + slice.map_or(0, |(_, number)| number)
    }

    /// Returns the edge's port for browsers.
    pub fn web(self) -> u16 {
        self.first + WEB_OFFSET
    }

    /// Returns the addresses that the demo calls.
    pub fn addresses(self) -> Addresses {
        let [edge, family, social] = [EDGE, "family", "social"].map(|service| format!("127.0.0.1:{}", self.of(service)));
        Addresses { edge, family, social }
    }

    /// Returns the port for health and metrics of a service.
    pub fn admin_of(self, service: &str) -> u16 {
        self.of(service) + ADMIN_OFFSET
    }

    /// Finds free ports at or somewhat above `first`.
    pub fn free(first: u16) -> Result<Self> {
        let mut candidates = (first..).step_by(20).take(20).map(Self::from);
        candidates.find(|ports| ports.check().is_ok()).context("no ports are free")
    }

    /// Fails if one of the ports is taken.
    pub fn check(self) -> Result<()> {
        for service in SERVICES {
            check(self.of(service), service)?;
            check(self.admin_of(service), &format!("{service}'s health"))?;
        }
        check(self.web(), "browsers")
    }
}

/// Fails if a port is taken.
fn check(port: u16, what: &str) -> Result<()> {
    let Err(error) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) else { return Ok(()) };
    let advice = match error.kind() {
        ErrorKind::PermissionDenied => "only root may use ports below 1024; choose others with --port",
        _ => advice(port),
    };
    bail!("port {port} on 127.0.0.1, for {what}, cannot be used ({error}): {advice}");
}

/// Says how to free a port. One that an outgoing connection had stays taken for a minute, with no process to stop.
fn advice(port: u16) -> &'static str {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
        Ok(_) => "stop what listens there (another `cargo xtask up`?), or choose other ports with --port",
        Err(_) => "a connection holds it; try again in a minute, or choose other ports with --port",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_count_from_the_edge() {
        let ports = Ports::from(15050);
        assert_eq!((ports.of("edge"), ports.admin_of("edge")), (15050, 15060));
        assert_eq!(
            (ports.of("family"), ports.of("social"), ports.of("recipe"), ports.of("consultation")),
            (15051, 15052, 15053, 15054)
        );
        assert_eq!(ports.admin_of("consultation"), 15064);
    }

    #[test]
    fn a_taken_port_is_named_with_its_service() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = check(port, "recipe").unwrap_err().to_string();
        assert!(error.contains(&format!("port {port} on 127.0.0.1, for recipe,")) && error.contains("--port"), "{error}");
    }
}
