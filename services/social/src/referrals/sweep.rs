//! Writes down what the clock has decided: rewards to credit, referrals that have expired, and what is forgotten after its time.

use std::collections::BTreeSet;
use std::convert::Infallible;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::{Unit, counter, describe_counter};
use orchard_db::{Connection, Db, moment};
use orchard_server::Clock;
use uuid::Uuid;

use super::earning::Rewards;
use super::referral::{invite, store as referrals};
use super::{fingerprint, order};
use crate::error::Error;
use crate::roll;

/// Attempts to credit a referrer's rewards that failed.
const FAILURES: &str = "orchard_referral_credit_failures_total";
/// How long orders are kept that are nobody's first, in days.
const ORDERS_KEPT_DAYS: i64 = 180;

/// Credits rewards and ends referrals. Replicas may do so at the same time: each row is changed once.
#[derive(Debug, Clone)]
pub(crate) struct Sweeper {
    pub(crate) db: Db,
    pub(crate) rewards: Rewards,
    pub(crate) clock: Clock,
}

impl Sweeper {
    /// Sweeps when it is first polled and then in each period.
    pub(crate) async fn run(&self) -> Infallible {
        describe_counter!(FAILURES, Unit::Count, "Attempts to credit a referrer's rewards that failed.");
        let mut ticks = tokio::time::interval(self.rewards.terms.referral_period);
        loop {
            ticks.tick().await;
            // The next sweep retries.
            if let Err(cause) = self.sweep().await {
                tracing::warn!(%cause, "cannot sweep referrals");
            }
        }
    }

    async fn sweep(&self) -> Result<(), Error> {
        self.credit().await?;
        while self.expire().await? {}
        while self.forget().await? {}
        Ok(())
    }

    async fn now(&self) -> Result<DateTime<Utc>, Error> {
        Ok(self.clock.at(moment(&*self.db.read().await?).await?))
    }

    async fn credit(&self) -> Result<(), Error> {
        let now = self.now().await?;
        let mut after = (DateTime::<Utc>::UNIX_EPOCH, Uuid::nil());
        loop {
            let due = referrals::due_referrers(&*self.db.read().await?, now, after).await?;
            let Some((at, id, _)) = due.last() else { return Ok(()) };
            after = (*at, *id);
            let referrers: BTreeSet<Uuid> = due.iter().map(|(_, _, referrer)| *referrer).collect();
            for referrer in referrers {
                // A referrer who fails does not stop the others.
                if let Err(cause) = self.credit_one(referrer).await {
                    counter!(FAILURES).increment(1);
                    tracing::warn!(%cause, "cannot credit the rewards of a referrer");
                }
            }
        }
    }

    async fn credit_one(&self, referrer: Uuid) -> Result<(), Error> {
        loop {
            let (rewards, clock) = (self.rewards.clone(), self.clock.clone());
            let unit = async move |connection: &mut Connection| {
                roll::lock(connection, &BTreeSet::from([referrer])).await?;
                let now = clock.at(moment(connection).await?);
                rewards.credit_due(connection, referrer, now).await
            };
            if self.db.write("credit referrals", unit).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Ends some referrals, and returns whether there may be more.
    async fn expire(&self) -> Result<bool, Error> {
        let clock = self.clock.clone();
        let unit = async move |connection: &mut Connection| {
            let now = clock.at(moment(connection).await?);
            let over = referrals::expire(connection, now).await?;
            invite::use_up(connection, &over).await?;
            Ok::<_, Error>(!over.is_empty())
        };
        self.db.write("expire referrals", unit).await
    }

    /// Forgets some fingerprints and orders, and returns whether there may be more.
    async fn forget(&self) -> Result<bool, Error> {
        let clock = self.clock.clone();
        let unit = async move |connection: &mut Connection| {
            let now = clock.at(moment(connection).await?);
            let fingerprints = now - TimeDelta::days(fingerprint::KEPT_DAYS);
            let more = fingerprint::store::forget(connection, fingerprints).await?;
            Ok::<_, Error>(order::forget(connection, now - TimeDelta::days(ORDERS_KEPT_DAYS)).await? || more)
        };
        self.db.write("forget fingerprints and orders", unit).await
    }
}
