//! The worker that finalises challenges and seats.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orchard_db::Db;
use orchard_events::Outbox;
use orchard_server::Clock;
use uuid::Uuid;

use super::gauges::Gauges;
use super::requests::Requests;
use super::store::{Candidate, Checkpoint};
use super::{Step, postponed, store};
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
    requests: Arc<Requests>,
    gauges: Gauges,
}

impl Finaliser {
    pub(crate) fn new(db: Db, awards: Awards, outbox: Outbox, clock: Clock, period: Duration, requests: Arc<Requests>) -> Self {
        Self { db, awards, outbox, clock, period, requests, gauges: Gauges::default() }
    }

    /// Finalises what is due every period, and what operators ask for at once.
    pub(crate) async fn run(&self) -> Infallible {
        tokio::select! {
            never = self.sweep_regularly() => never,
            never = self.serve_requests() => never,
        }
    }

    async fn serve_requests(&self) -> Infallible {
        loop {
            let challenge = self.requests.next().await;
            if let Err(cause) = self.finalise(challenge).await {
                self.gauges.count_failure();
                tracing::warn!(%challenge, %cause, "cannot finalise a challenge");
            }
        }
    }

    async fn sweep_regularly(&self) -> Infallible {
        loop {
            if let Err(cause) = self.sweep().await {
                tracing::warn!(%cause, "cannot finalise what is due");
            }
            tokio::time::sleep(self.period).await;
        }
    }

    async fn sweep(&self) -> Result<(), Error> {
        let now = {
            let connection = self.db.read().await?;
            challenge::store::now_by(&connection, &self.clock).await?
        };
        tokio::try_join!(self.sweep_challenges(now), self.sweep_seats(now))?;
        let connection = self.db.read().await?;
        self.gauges.set(postponed::backlog(&connection, now).await?);
        Ok(())
    }

    /// Visits each challenge that is over once, so that the sweep ends even if another replica has some of them.
    async fn sweep_challenges(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let mut last = None;
        loop {
            let over = {
                let connection = self.db.read().await?;
                store::over(&connection, now, last, CHALLENGES).await?
            };
            for (_, challenge) in &over {
                if let Err(cause) = self.finalise(*challenge).await {
                    self.postpone(cause, *challenge, None, now).await?;
                }
            }
            last = over.last().copied();
            if last.is_none() {
                return Ok(());
            }
        }
    }

    async fn finalise(&self, challenge: Uuid) -> Result<(), Error> {
        while self.step(challenge).await?.is_continue() {}
        Ok(())
    }

    /// Finalises seats whose own days are due, in challenges without dates. Each step ends seats or postpones them.
    async fn sweep_seats(&self, now: DateTime<Utc>) -> Result<(), Error> {
        loop {
            let ended = {
                let connection = self.db.read().await?;
                store::ended_seats(&connection, now, BATCH).await?
            };
            let Some((challenge, _)) = ended.first().copied() else { return Ok(()) };
            let users: Vec<Uuid> = ended.iter().filter(|(of, _)| *of == challenge).map(|(_, user)| *user).collect();
            if let Err(cause) = self.finalise_seats(challenge, &users, now).await {
                self.finalise_each(cause, challenge, &users, now).await?;
            }
        }
    }

    /// Finalises each of some seats alone, because together they failed.
    async fn finalise_each(&self, cause: Error, challenge: Uuid, users: &[Uuid], now: DateTime<Utc>) -> Result<(), Error> {
        if cause.is_outage() {
            return Err(cause);
        }
        for user in users {
            if let Err(cause) = self.finalise_seats(challenge, std::slice::from_ref(user), now).await {
                self.postpone(cause, challenge, Some(*user), now).await?;
            }
        }
        Ok(())
    }

    /// Lets a challenge, or the seat of `user` in it, wait before the next attempt, so that it keeps no other waiting.
    async fn postpone(&self, cause: Error, challenge: Uuid, user: Option<Uuid>, now: DateTime<Utc>) -> Result<(), Error> {
        if cause.is_outage() {
            return Err(cause);
        }
        self.gauges.count_failure();
        tracing::warn!(%challenge, %cause, "cannot finalise a challenge or a seat in it");
        self.db
            .write("postpone finalisation", async move |connection| {
                match user {
                    None => postponed::postpone(connection, challenge, now).await?,
                    Some(user) => postponed::postpone_seat(connection, challenge, user, now).await?,
                }
                Ok::<_, Error>(())
            })
            .await
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

    async fn finalise_seats(&self, challenge: Uuid, users: &[Uuid], now: DateTime<Utc>) -> Result<(), Error> {
        let (awards, outbox, users) = (self.awards.clone(), self.outbox.clone(), users.to_vec());
        self.db
            .write("finalise seats", async move |connection| {
                if let Some(challenge) = challenge::store::find(connection, challenge).await? {
                    let mut step = Step { connection, awards: &awards, outbox: &outbox, now };
                    let judged = step.judge(&challenge, &users).await?;
                    let finished: Vec<_> = judged.into_iter().map(|candidate| (candidate, None)).collect();
                    step.publish_finished(challenge.id, &finished).await?;
                }
                Ok::<_, Error>(())
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
