//! The worker that finalises challenges and seats.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orchard_db::Db;
use orchard_events::Outbox;
use orchard_server::Clock;
use tokio::sync::Notify;
use uuid::Uuid;

use super::store::{Candidate, Checkpoint};
use super::{Step, store};
use crate::challenges::challenge::{self, Challenge};
use crate::error::Error;
use crate::rewards::award::Awards;

/// Participants of a step, which are locked together, and lost together when the step is interrupted.
const BATCH: i64 = 200;
/// Challenges that are read at once.
const CHALLENGES: i64 = 20;

/// Finalises challenges. Any number of replicas may run: each step is one transaction, which only one replica has at a time.
#[derive(Debug)]
pub struct Finaliser {
    db: Db,
    awards: Awards,
    outbox: Outbox,
    clock: Clock,
    period: Duration,
    wake: Arc<Notify>,
}

impl Finaliser {
    pub(crate) fn new(db: Db, awards: Awards, outbox: Outbox, clock: Clock, period: Duration, wake: Arc<Notify>) -> Self {
        Self { db, awards, outbox, clock, period, wake }
    }

    /// Finalises what is due, every period and when it is woken.
    pub(crate) async fn run(&self) -> Infallible {
        loop {
            if let Err(cause) = self.sweep().await {
                tracing::warn!(%cause, "cannot finalise what is due");
            }
            tokio::select! {
                () = tokio::time::sleep(self.period) => (),
                () = self.wake.notified() => (),
            }
        }
    }

    async fn sweep(&self) -> Result<(), Error> {
        let now = {
            let connection = self.db.read().await?;
            challenge::store::now_by(&connection, &self.clock).await?
        };
        let over = {
            let connection = self.db.read().await?;
            // No challenge is due on its last day or the day after, in any time zone.
            store::over(&connection, now.date_naive(), CHALLENGES).await?
        };
        for challenge in over {
            // A challenge that fails must not keep the others from being finalised.
            if let Err(cause) = self.finalise(challenge).await {
                tracing::warn!(%challenge, %cause, "cannot finalise a challenge");
            }
        }
        while self.finalise_seats(now).await?.is_continue() {}
        Ok(())
    }

    async fn finalise(&self, challenge: Uuid) -> Result<(), Error> {
        while self.step(challenge).await?.is_continue() {}
        Ok(())
    }

    /// Does one step of the finalisation of a challenge. Breaks when it is done, not due, or another replica has it.
    async fn step(&self, id: Uuid) -> Result<ControlFlow<()>, Error> {
        let (awards, outbox, clock) = (self.awards.clone(), self.outbox.clone(), self.clock.clone());
        self.db
            .write("finalise challenge", async move |connection| {
                let now = challenge::store::now_by(connection, &clock).await?;
                let Some(mut checkpoint) = store::begin(connection, id).await? else { return Ok(ControlFlow::Break(())) };
                let Some(challenge) = challenge::store::find(connection, id).await? else { return Ok(ControlFlow::Break(())) };
                if challenge.finalised_at.is_some() || challenge.check_due(now).is_err() {
                    return Ok(ControlFlow::Break(()));
                }
                let mut step = Step { connection, awards: &awards, outbox: &outbox, now };
                let next = step.take(&challenge, &mut checkpoint).await?;
                if next.is_continue() {
                    store::save(step.connection, id, &checkpoint).await?;
                }
                Ok::<_, Error>(next)
            })
            .await
    }

    /// Finalises seats whose own days are due, in one challenge without dates. Breaks when there are none.
    async fn finalise_seats(&self, now: DateTime<Utc>) -> Result<ControlFlow<()>, Error> {
        let ended = {
            let connection = self.db.read().await?;
            store::ended_seats(&connection, now, BATCH).await?
        };
        let Some((challenge, _)) = ended.first().copied() else { return Ok(ControlFlow::Break(())) };
        let users: Vec<Uuid> = ended.iter().filter(|(of, _)| *of == challenge).map(|(_, user)| *user).collect();
        let (awards, outbox) = (self.awards.clone(), self.outbox.clone());
        self.db
            .write("finalise seats", async move |connection| {
                if let Some(challenge) = challenge::store::find(connection, challenge).await? {
                    let mut step = Step { connection, awards: &awards, outbox: &outbox, now };
                    let judged = step.judge(&challenge, &users).await?;
                    let finished: Vec<_> = judged.into_iter().map(|candidate| (candidate, None)).collect();
                    step.publish_finished(challenge.id, &finished).await?;
                }
                Ok::<_, Error>(ControlFlow::Continue(()))
            })
            .await
    }
}

impl Step<'_> {
    /// Judges the next participants, or ranks the next ones when all are judged, or closes the challenge when all are ranked.
    async fn take(&mut self, challenge: &Challenge, checkpoint: &mut Checkpoint) -> Result<ControlFlow<()>, Error> {
        if !checkpoint.judged_all {
            self.judge_next(challenge, checkpoint).await?;
            return Ok(ControlFlow::Continue(()));
        }
        let ranked = self.rank(challenge, checkpoint, BATCH).await?;
        if ranked.is_empty() {
            store::close(self.connection, challenge.id, self.now).await?;
            self.publish_finalised(challenge.id, checkpoint).await?;
            return Ok(ControlFlow::Break(()));
        }
        let finished: Vec<_> = ranked.into_iter().map(|(candidate, rank)| (candidate, Some(rank))).collect();
        self.publish_finished(challenge.id, &finished).await?;
        Ok(ControlFlow::Continue(()))
    }

    async fn judge_next(&mut self, challenge: &Challenge, checkpoint: &mut Checkpoint) -> Result<(), Error> {
        let users = store::next_to_judge(self.connection, challenge.id, checkpoint.judged_user_id, BATCH).await?;
        match users.last() {
            Some(last) => {
                checkpoint.judged_user_id = Some(*last);
                let judged = self.judge(challenge, &users).await?;
                checkpoint.completed += count(judged.iter().filter(|candidate| candidate.has_completed()));
            }
            // Active participants that are left are before the last one: begin again.
            None if store::has_active(self.connection, challenge.id).await? => checkpoint.judged_user_id = None,
            None => (checkpoint.judged_all, checkpoint.judged_user_id) = (true, None),
        }
        Ok(())
    }
}

fn count<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> i32 {
    i32::try_from(candidates.count()).unwrap_or(i32::MAX)
}
