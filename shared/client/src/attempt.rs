//! A call on a replica, and an attempt, which tells of the replica's health when it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::health::Health;
use crate::replica::Replica;

/// A call on a replica, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Replica>);

/// An attempt in progress. If it is dropped without a report, as when its time runs out, nothing is known of the replica's health.
#[derive(Debug)]
pub(crate) struct Attempt {
    replica: Arc<Replica>,
    epoch: u64,
    health: Health,
}

/// Begins a call and an attempt, unless the replica's circuit breaker is open.
pub(crate) fn begin(replica: &Arc<Replica>, now: Instant) -> Result<(InFlight, Attempt), Duration> {
    let epoch = replica.admit(now)?;
    replica.in_flight.fetch_add(1, Ordering::Relaxed);
    Ok((InFlight(Arc::clone(replica)), Attempt { replica: Arc::clone(replica), epoch, health: Health::Unknown }))
}

impl InFlight {
    pub(crate) fn replica(&self) -> &Arc<Replica> {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Attempt {
    pub(crate) fn report(mut self, health: Health) {
        self.health = health;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.replica.ended(self.epoch, self.health);
    }
}
