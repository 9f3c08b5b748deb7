//! What a service takes on at most.

use std::time::Duration;

use clap::Args;

use crate::duration::{duration, some_duration};

/// What connections get to send their last frames once no call is open.
pub(crate) const FLUSH: Duration = Duration::from_millis(200);
/// What units of work get to end that calls have begun: about as long as a statement may take.
pub(crate) const SETTLE: Duration = Duration::from_secs(5);
/// What is left of a process' life for the last spans to reach their collector.
pub(crate) const EXPORT: Duration = Duration::from_secs(3);

/// Limits on what callers may ask of one process.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Longest that a call may take, whatever deadline its caller sent
    #[arg(long, env = "ORCHARD_CALL_LIMIT", default_value = "10s", value_parser = some_duration, value_name = "DURATION")]
    pub call_limit: Duration,
    /// Longest that a stream may take, whatever deadline its caller sent
    #[arg(long, env = "ORCHARD_STREAM_LIMIT", default_value = "60m", value_parser = some_duration, value_name = "DURATION")]
    pub stream_limit: Duration,
    /// Calls at work at once; more are shed [default: one and a half times the database connections, 1000 without a database]
    #[arg(long, env = "ORCHARD_MAX_CALLS", value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "NUMBER")]
    pub max_calls: Option<u32>,
    /// Streams open at once; more are shed
    #[arg(long, env = "ORCHARD_MAX_STREAMS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "NUMBER")]
    pub max_streams: u32,
    /// Connections open at once; beyond them the oldest that has not said anything yet is closed
    #[arg(long, env = "ORCHARD_MAX_CONNECTIONS", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "NUMBER")]
    pub max_connections: u32,
    /// Longest that a new connection may take to begin to speak HTTP/2, TLS included
    #[arg(long, env = "ORCHARD_HANDSHAKE_LIMIT", default_value = "10s", value_parser = some_duration, value_name = "DURATION")]
    pub handshake_limit: Duration,
    /// A connection that is silent this long is asked whether it lives, and closed when it does not say so within as long again
    #[arg(long, env = "ORCHARD_KEEP_ALIVE", default_value = "20s", value_parser = some_duration, value_name = "DURATION")]
    pub keep_alive: Duration,
    /// How long to go on serving after a signal to stop, while balancers learn that the service is not ready (such as 5s)
    #[arg(long, env = "ORCHARD_DRAIN_WAIT", default_value = "5s", value_parser = duration, value_name = "DURATION")]
    pub drain_wait: Duration,
    /// How long open calls may then still take
    #[arg(long, env = "ORCHARD_DRAIN_LIMIT", default_value = "20s", value_parser = duration, value_name = "DURATION")]
    pub drain_limit: Duration,
}

impl LimitOptions {
    /// Longest that a process takes to end after a signal: what kills it must wait longer.
    pub fn end_limit(&self) -> Duration {
        self.drain_wait + self.drain_limit + FLUSH + SETTLE + EXPORT
    }
}
