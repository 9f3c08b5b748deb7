//! Options of the relay.

use std::time::Duration;

use clap::Args;

/// How events are retried that their consumer refuses.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Events")]
pub struct RelayOptions {
    /// How often an event that its consumer refuses is tried before it is parked
    #[arg(long, env = "ORCHARD_EVENT_ATTEMPTS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100), value_name = "NUMBER")]
    pub event_attempts: u16,
    /// How long to wait after the first refusal; after each further one twice as long, up to five minutes
    #[arg(long, env = "ORCHARD_EVENT_RETRY_DELAY", default_value = "1s", value_parser = orchard_server::duration, value_name = "DURATION")]
    pub event_retry_delay: Duration,
}
