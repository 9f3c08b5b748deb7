//! Looks for what is over, and ends it, as long as the process lives.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orchard_db::Db;
use orchard_server::Clock;
use tokio::sync::Notify;
use uuid::Uuid;

use super::store::{Candidate, State};
use super::{Ending, Step, store};
use crate::challenges::challenge::{self, Challenge};
use crate::error::Error;

/// Participants of a step: what is locked together, and lost together when it is cut off.
const BATCH: i64 = 200;
/// Challenges that are looked for at once.
const CHALLENGES: i64 = 20;

/// Has the looking begin now.
#[derive(Debug, Clone, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Does so.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// Ends challenges. Any number of replicas may: each step is one transaction that only one of them is in.
#[derive(Debug)]
pub struct Finaliser {
    db: Db,
    ending: Ending,
    clock: Clock,
    period: Duration,
    nudge: Nudge,
}

/// What is next, after a step.
enum Next {
    /// Another step.
    Step,
    /// Nothing: it is done, not to be done, or another does it.
    Nothing,
}

impl Finaliser {
    pub(crate) fn new(db: Db, ending: Ending, clock: Clock, period: Duration, nudge: Nudge) -> Self {
        Self { db, ending, clock, period, nudge }
    }

    /// Looks for what is over every period, and when it is told to.
    pub(crate) async fn run(self) -> Infallible {
        loop {
            if let Err(cause) = self.sweep().await {
                tracing::warn!(%cause, "what is over is not finalised");
            }
            tokio::select! {
                () = tokio::time::sleep(self.period) => (),
                () = self.nudge.0.notified() => (),
            }
        }
    }

    async fn sweep(&self) -> Result<(), Error> {
        let moment = {
            let connection = self.db.read().await?;
            challenge::store::moment(&connection).await? + self.clock.ahead()
        };
        let over = {
            let connection = self.db.read().await?;
            // Nothing is due on the last day or the day after, wherever one is.
            store::over(&connection, moment.date_naive(), CHALLENGES).await?
        };
        for challenge in over {
            // One that cannot be ended does not keep the others from it.
            if let Err(cause) = self.finalise(challenge).await {
                tracing::warn!(%challenge, %cause, "a challenge is not finalised");
            }
        }
        while let Next::Step = self.end_seats(moment).await? {}
        Ok(())
    }

    async fn finalise(&self, challenge: Uuid) -> Result<(), Error> {
        while let Next::Step = self.step(challenge).await? {}
        Ok(())
    }

    /// A step of the finalising of a challenge.
    async fn step(&self, id: Uuid) -> Result<Next, Error> {
        let (ending, ahead) = (self.ending.clone(), self.clock.ahead());
        self.db
            .write("finalise challenge", async move |connection| {
                let moment = challenge::store::moment(connection).await? + ahead;
                let Some(mut state) = store::take_on(connection, id).await? else { return Ok(Next::Nothing) };
                let Some(challenge) = challenge::store::find(connection, id).await? else { return Ok(Next::Nothing) };
                if challenge.finalised_at.is_some() || challenge.is_due(moment).is_err() {
                    return Ok(Next::Nothing);
                }
                let mut step = Step { connection, ending: &ending, moment };
                let next = step.go_on(&challenge, &mut state).await?;
                if matches!(next, Next::Step) {
                    store::save(step.connection, id, &state).await?;
                }
                Ok::<_, Error>(next)
            })
            .await
    }

    /// Ends seats in challenges without dates whose own days are over.
    async fn end_seats(&self, moment: DateTime<Utc>) -> Result<Next, Error> {
        let ended = {
            let connection = self.db.read().await?;
            store::ended(&connection, moment, BATCH).await?
        };
        let Some((challenge, _)) = ended.first().copied() else { return Ok(Next::Nothing) };
        // Those of one challenge at a time.
        let users: Vec<Uuid> = ended.iter().filter(|(of, _)| *of == challenge).map(|(_, user)| *user).collect();
        let ending = self.ending.clone();
        self.db
            .write("finalise seats", async move |connection| {
                let Some(challenge) = challenge::store::find(connection, challenge).await? else { return Ok(Next::Step) };
                let mut step = Step { connection, ending: &ending, moment };
                let judged = step.judge(&challenge, &users).await?;
                let finished: Vec<_> = judged.into_iter().map(|candidate| (candidate, None)).collect();
                step.tell_finished(challenge.id, &finished).await?;
                Ok::<_, Error>(Next::Step)
            })
            .await
    }
}

impl Step<'_> {
    async fn go_on(&mut self, challenge: &Challenge, state: &mut State) -> Result<Next, Error> {
        if !state.judged_all {
            let users = store::to_judge(self.connection, challenge.id, state.judged_user_id, BATCH).await?;
            match users.last() {
                Some(last) => {
                    state.judged_user_id = Some(*last);
                    let judged = self.judge(challenge, &users).await?;
                    state.completed += count(judged.iter().filter(|one| one.has_completed()));
                }
                // Whoever was passed over is before the last.
                None if store::has_active(self.connection, challenge.id).await? => state.judged_user_id = None,
                None => (state.judged_all, state.judged_user_id) = (true, None),
            }
            return Ok(Next::Step);
        }
        let ranked = self.rank(challenge, state, BATCH).await?;
        if ranked.is_empty() {
            store::close(self.connection, challenge.id, self.moment).await?;
            self.tell_finalised(challenge.id, state).await?;
            return Ok(Next::Nothing);
        }
        let finished: Vec<_> = ranked.into_iter().map(|(candidate, rank)| (candidate, Some(rank))).collect();
        self.tell_finished(challenge.id, &finished).await?;
        Ok(Next::Step)
    }
}

fn count<'a>(all: impl Iterator<Item = &'a Candidate>) -> i32 {
    i32::try_from(all.count()).unwrap_or(i32::MAX)
}
