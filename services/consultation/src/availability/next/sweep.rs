//! The sweep that keeps next slots from becoming old.

use std::convert::Infallible;
use std::time::Duration;

use chrono::DateTime;
use orchard_db::{Connection, Db, moment};
use tokio::time::sleep;
use uuid::Uuid;

use super::gauges::Gauges;
use super::{refresh_next_slot, store};
use crate::error::Error;

/// Professionals that are read at once.
const BATCH: i64 = 100;
/// Sweeps from one look at all professionals to the next one.
const LOOKS: u32 = 60;

/// Looks for next slots again when another one may be the next though nobody writes: time passes, and holds expire. Any number of replicas
/// may run.
#[derive(Debug)]
pub(crate) struct Sweeper {
    db: Db,
    period: Duration,
    gauges: Gauges,
}

impl Sweeper {
    pub(crate) fn new(db: Db, period: Duration) -> Self {
        Self { db, period, gauges: Gauges::default() }
    }

    /// Works forever.
    pub(crate) async fn run(&self) -> Infallible {
        let mut until_look = 0;
        loop {
            let swept = self.sweep().await;
            if let Err(cause) = &swept {
                tracing::warn!(%cause, "cannot look for next slots");
            }
            // Only an earlier release, which may run beside this one, leaves somebody out.
            if swept.is_ok() && until_look == 0 {
                match self.add_missing().await {
                    Ok(()) => until_look = LOOKS,
                    Err(cause) => tracing::warn!(%cause, "cannot look for schedules without a next slot"),
                }
            }
            until_look = until_look.saturating_sub(1);
            sleep(self.period).await;
        }
    }

    /// Looks at each professional who is due once, so that the sweep ends even if some cannot be refreshed.
    async fn sweep(&self) -> Result<(), Error> {
        let until = moment(&*self.db.read().await?).await?;
        let mut after = (DateTime::UNIX_EPOCH, Uuid::nil());
        loop {
            let due = store::due(&*self.db.read().await?, until, after, BATCH).await?;
            self.refresh_all(due.iter().map(|(_, professional)| *professional)).await?;
            match due.last() {
                Some(last) => after = *last,
                None => break,
            }
        }
        self.gauges.set_due(store::count_due(&*self.db.read().await?).await?);
        Ok(())
    }

    async fn add_missing(&self) -> Result<(), Error> {
        let mut after = Uuid::nil();
        loop {
            let missing = store::missing(&*self.db.read().await?, after, BATCH).await?;
            self.refresh_all(missing.iter().copied()).await?;
            match missing.last() {
                Some(last) => after = *last,
                None => return Ok(()),
            }
        }
    }

    /// Refreshes each in a transaction of its own: one who fails keeps no other from it, and is tried again by the next sweep.
    async fn refresh_all(&self, professionals: impl Iterator<Item = Uuid>) -> Result<(), Error> {
        for professional in professionals {
            match self.refresh(professional).await {
                Ok(()) => {}
                Err(cause) if cause.is_outage() => return Err(cause),
                Err(cause) => {
                    self.gauges.count_failure();
                    tracing::warn!(%professional, %cause, "cannot look for the next slot of a professional");
                }
            }
        }
        Ok(())
    }

    async fn refresh(&self, professional: Uuid) -> Result<(), Error> {
        let refresh = async move |connection: &mut Connection| {
            if let Some(now) = store::lock(connection, professional).await? {
                refresh_next_slot(connection, professional, now).await?;
            }
            Ok::<_, Error>(())
        };
        self.db.write("refresh next slot", refresh).await
    }
}
