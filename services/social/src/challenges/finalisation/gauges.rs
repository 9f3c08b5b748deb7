//! Metrics of finalisation.

use std::sync::OnceLock;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use super::postponed::Backlog;

/// Describes the metrics when they are first used: a finaliser may be created before the recorder of metrics.
#[derive(Debug, Default)]
pub(super) struct Gauges(OnceLock<()>);

impl Gauges {
    pub(super) fn set(&self, backlog: Backlog) {
        self.describe();
        gauge!("orchard_finalisation_due", "of" => "challenges").set(backlog.challenges as f64);
        gauge!("orchard_finalisation_due", "of" => "seats").set(backlog.seats as f64);
        gauge!("orchard_finalisation_failing", "of" => "challenges").set(backlog.failing_challenges as f64);
        gauge!("orchard_finalisation_failing", "of" => "seats").set(backlog.failing_seats as f64);
    }

    pub(super) fn count_failure(&self) {
        self.describe();
        counter!("orchard_finalisation_failures_total").increment(1);
    }

    fn describe(&self) {
        self.0.get_or_init(|| {
            describe_gauge!("orchard_finalisation_due", Unit::Count, "Challenges and seats that are over and not finalised.");
            describe_gauge!("orchard_finalisation_failing", Unit::Count, "Those of them whose last attempt failed.");
            describe_counter!("orchard_finalisation_failures_total", Unit::Count, "Attempts to finalise that failed.");
        });
    }
}
