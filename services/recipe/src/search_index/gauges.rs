//! Metrics of the index.

use std::sync::OnceLock;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Describes the metrics when they are first used: a worker may be created before the recorder of metrics.
#[derive(Debug, Default)]
pub(super) struct Gauges(OnceLock<()>);

impl Gauges {
    pub(super) fn set_due(&self, recipes: usize) {
        self.describe();
        gauge!("orchard_search_index_due").set(recipes as f64);
    }

    pub(super) fn count_failure(&self) {
        self.describe();
        counter!("orchard_search_index_failures_total").increment(1);
    }

    fn describe(&self) {
        self.0.get_or_init(|| {
            describe_gauge!("orchard_search_index_due", Unit::Count, "Recipes that are not indexed as they are now.");
            describe_counter!("orchard_search_index_failures_total", Unit::Count, "Attempts to index a recipe that failed.");
        });
    }
}
