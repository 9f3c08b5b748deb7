//! Ports for servers that are told theirs before they listen.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use uuid::Uuid;

/// Below the ports that Linux gives to outgoing connections, one of which would sooner or later be in the way.
const PORTS: std::ops::Range<u128> = 10_240..32_768;
const ATTEMPTS: usize = 1000;

/// A port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> io::Result<u16> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let port = PORTS.start + Uuid::new_v4().as_u128() % (PORTS.end - PORTS.start);
        let port = u16::try_from(port).unwrap_or_default();
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}
