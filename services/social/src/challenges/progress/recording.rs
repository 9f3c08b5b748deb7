//! Writing a day: the rules turn the state of the seat into one statement, which writes nothing if the state has changed
//! meanwhile.

use std::sync::Arc;

use chrono::NaiveDate;
use orchard_db::{Connection, Db, Failure, UnitError as _};
use orchard_server::Clock;
use uuid::Uuid;

use super::{DayChange, DayContent, ProgressDay, store};
use crate::challenges::challenge::ChallengeError;
use crate::challenges::participant::{Participant, ParticipantError};
use crate::error::Error;

/// Attempts without a lock. Other writers rarely come in between, and never for long.
const ATTEMPTS: usize = 2;

/// A day that a user records or deletes.
#[derive(Debug)]
pub(super) struct DayWrite {
    pub(super) user: Uuid,
    pub(super) challenge: Uuid,
    pub(super) date: NaiveDate,
    /// What is recorded; `None` deletes the day.
    pub(super) content: Option<DayContent>,
}

/// A seat after one of its days was written.
#[derive(Debug)]
pub(super) struct WrittenDay {
    pub(super) participant: Participant,
    pub(super) change: DayChange,
    /// The day, unless it was deleted.
    pub(super) day: Option<ProgressDay>,
}

/// Writes a day. Unless another call writes days of the same seat, this takes two statements: one that reads and one that
/// writes.
pub(super) async fn write(db: &Db, clock: &Clock, write: DayWrite) -> Result<WrittenDay, Error> {
    let write = Arc::new(write);
    for _ in 0..ATTEMPTS {
        let planned = {
            let connection = db.read().await?;
            plan(&connection, clock, &write).await?
        };
        let shared = Arc::clone(&write);
        match db.statement("write progress", async move |connection| apply(connection, planned, &shared).await).await {
            Ok(Some(written)) => return Ok(written),
            Ok(None) => {}
            // A deadlock with another statement: this one was given up and has written nothing.
            Err(error) if error.failure().is_some_and(Failure::is_conflict) => {}
            Err(error) => return Err(error),
        }
    }
    let clock = clock.clone();
    db.write("write progress in turn", async move |connection| {
        store::lock(connection, write.user, &[write.challenge]).await?;
        write_locked(connection, &clock, &write).await
    })
    .await
}

/// Writes a day of a locked seat.
pub(super) async fn write_locked(connection: &mut Connection, clock: &Clock, write: &DayWrite) -> Result<WrittenDay, Error> {
    for _ in 0..ATTEMPTS {
        let planned = plan(connection, clock, write).await?;
        if let Some(written) = apply(connection, planned, write).await? {
            return Ok(written);
        }
        // Either the challenge was deactivated just now, or the seat was taken just now and is not locked. The next attempt
        // sees it.
    }
    Err(Failure::Conflict("progress".to_owned()).into())
}

/// Returns the seat, and the effect of the write by all the rules.
async fn plan(connection: &Connection, clock: &Clock, write: &DayWrite) -> Result<(Participant, DayChange), Error> {
    let seat = store::seat_state(connection, clock, write).await?;
    let state = seat.ok_or(ChallengeError::NotFound)?.ok_or(ParticipantError::NotParticipating)?;
    let change = match &write.content {
        Some(content) => state.record(write.date, &content.data)?,
        None => state.delete(write.date)?,
    };
    Ok((state.participant, change))
}

/// Writes the planned change; `None` if the seat has changed meanwhile.
async fn apply(
    connection: &mut Connection,
    (participant, change): (Participant, DayChange),
    write: &DayWrite,
) -> Result<Option<WrittenDay>, Error> {
    let written = match &write.content {
        None => store::delete(connection, &change).await?.map(|(score, is_visible)| (score, is_visible, None)),
        Some(content) => store::put(connection, &change, content).await?.map(|(score, is_visible, created_at, updated_at)| {
            let DayChange { date, daily_score, cumulative_score, .. } = change;
            let day = ProgressDay { date, content: content.clone(), daily_score, cumulative_score, created_at, updated_at };
            (score, is_visible, Some(day))
        }),
    };
    Ok(written.map(|(final_score, is_visible, day)| {
        let participant = Participant { final_score, is_visible, ..participant };
        WrittenDay { participant, change, day }
    }))
}
