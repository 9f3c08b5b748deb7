//! The limits of a service process.

use std::time::Duration;

use clap::Args;

use crate::duration::{duration, some_duration};

/// The time that connections have to send their last frames once no call is open.
pub(crate) const FLUSH: Duration = Duration::from_millis(200);
/// The time that units of work have to end once their calls have ended: about the limit of a statement.
pub(crate) const SETTLE: Duration = Duration::from_secs(5);
/// The time that the last spans have to reach their collector.
pub(crate) const EXPORT: Duration = Duration::from_secs(3);

/// Limits of one process.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Time limit of a call, whatever deadline its caller sends
    #[arg(long, env = "ORCHARD_CALL_LIMIT", default_value = "10s", value_parser = some_duration, value_name = "DURATION")]
    pub call_limit: Duration,
    /// Time limit of a stream, whatever deadline its caller sends
    #[arg(long, env = "ORCHARD_STREAM_LIMIT", default_value = "60m", value_parser = some_duration, value_name = "DURATION")]
    pub stream_limit: Duration,
    /// Calls served at once; further calls are refused [default: 1.5 times the database connections, or 1000 without a database]
    #[arg(long, env = "ORCHARD_MAX_CALLS", value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "NUMBER")]
    pub max_calls: Option<u32>,
    /// Streams open at once; further streams are refused
    #[arg(long, env = "ORCHARD_MAX_STREAMS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "NUMBER")]
    pub max_streams: u32,
    /// Largest share of the places for calls and streams, and of arriving bytes, that one user may have, in percent; 100 switches shares off
    #[arg(long, env = "ORCHARD_USER_SHARE", default_value_t = 25, value_parser = clap::value_parser!(u8).range(1..=100), value_name = "PERCENT")]
    pub user_share: u8,
    /// Largest share of connections, and of places for calls without a token, that one address (IPv6: one /64) may have, in percent; set
    /// it to 100 behind a balancer that hides its clients' addresses
    #[arg(long, env = "ORCHARD_ADDRESS_SHARE", default_value_t = 25, value_parser = clap::value_parser!(u8).range(1..=100), value_name = "PERCENT")]
    pub address_share: u8,
    /// Connections open at once; a further one replaces the one that has been without a call for longest, of the address that has the most
    #[arg(long, env = "ORCHARD_MAX_CONNECTIONS", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "NUMBER")]
    pub max_connections: u32,
    /// Time limit of a new connection's HTTP/2 preface, including the TLS handshake
    #[arg(long, env = "ORCHARD_HANDSHAKE_LIMIT", default_value = "10s", value_parser = some_duration, value_name = "DURATION")]
    pub handshake_limit: Duration,
    /// Silence after which a connection is pinged; it is closed if it does not reply within the same time
    #[arg(long, env = "ORCHARD_KEEP_ALIVE", default_value = "20s", value_parser = some_duration, value_name = "DURATION")]
    pub keep_alive: Duration,
    /// How long to keep serving after a stop signal, while load balancers notice that the service is not ready
    #[arg(long, env = "ORCHARD_DRAIN_WAIT", default_value = "5s", value_parser = duration, value_name = "DURATION")]
    pub drain_wait: Duration,
    /// Time limit of calls that are still open after the drain wait
    #[arg(long, env = "ORCHARD_DRAIN_LIMIT", default_value = "20s", value_parser = duration, value_name = "DURATION")]
    pub drain_limit: Duration,
}

impl LimitOptions {
    /// Returns the longest time that a process takes to end after a stop signal. Whatever kills it must wait longer.
    pub fn end_limit(&self) -> Duration {
        self.drain_wait + self.drain_limit + FLUSH + SETTLE + EXPORT
    }
}
