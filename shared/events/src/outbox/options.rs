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

/// The longest wait before an event is tried again.
const LONGEST_DELAY: Duration = Duration::from_secs(300);

impl RelayOptions {
    /// Returns how long an event waits after so many attempts.
    pub(super) fn delay(&self, attempts: i32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.unsigned_abs().saturating_sub(1));
        self.event_retry_delay.saturating_mul(doubled).min(LONGEST_DELAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_doubles_the_delay() {
        let options = RelayOptions { event_attempts: 12, event_retry_delay: Duration::from_secs(1) };
        for (attempts, seconds) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (11, 300), (i32::MAX, 300)] {
            assert_eq!(options.delay(attempts), Duration::from_secs(seconds), "{attempts}");
        }
    }
}
