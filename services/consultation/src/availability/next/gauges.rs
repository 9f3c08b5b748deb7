//! Metrics of next slots.

use std::sync::OnceLock;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Describes the metrics when they are first used: a sweeper may be created before the recorder of metrics.
#[derive(Debug, Default)]
pub(super) struct Gauges(OnceLock<()>);

impl Gauges {
    pub(super) fn set_due(&self, professionals: i64) {
        self.describe();
        gauge!("orchard_next_slots_due").set(professionals as f64);
    }

    pub(super) fn count_failure(&self) {
        self.describe();
        counter!("orchard_next_slots_failures_total").increment(1);
    }

    fn describe(&self) {
        self.0.get_or_init(|| {
            let due = "Professionals whose next free slot is still to be looked for after a sweep.";
            describe_gauge!("orchard_next_slots_due", Unit::Count, due);
            let failures = "Attempts to look for the next free slot of a professional that failed.";
            describe_counter!("orchard_next_slots_failures_total", Unit::Count, failures);
        });
    }
}
