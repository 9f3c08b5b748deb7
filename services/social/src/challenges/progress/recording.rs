//! Writes days: what the rules say of a standing becomes one statement, which finds nothing if the standing is not what it was.

use std::sync::Arc;
use std::time::Duration;

use orchard_db::{Connection, Db, Failure, UnitError as _};
use uuid::Uuid;

use super::wire::Entry;
use super::{Change, Day, ProgressError, store};
use crate::challenges::challenge::ChallengeError;
use crate::challenges::participant::Participant;
use crate::error::Error;

/// Attempts without a lock: others are seldom in between, and never for long.
const ATTEMPTS: usize = 2;

/// A seat after one of its days was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) participant: Participant,
    pub(super) change: Change,
    /// The day as it is now, if it is there.
    pub(super) day: Option<Day>,
}

/// Writes one day of a user: a read and a write of one statement each, when nobody else writes the same seat's days.
pub(super) async fn alone(db: &Db, user: Uuid, ahead: Duration, entry: Entry) -> Result<Written, Error> {
    let entry = Arc::new(entry);
    for _ in 0..ATTEMPTS {
        let planned = {
            let connection = db.read().await?;
            plan(&connection, user, ahead, &entry).await?
        };
        let what = Arc::clone(&entry);
        match db.statement("write progress", async move |connection| apply(connection, planned, &what).await).await {
            Ok(Some(written)) => return Ok(written),
            Ok(None) => {}
            // Of two that wait for each other one is given up, and this one has done nothing yet.
            Err(error) if error.failure().is_some_and(Failure::is_conflict) => {}
            Err(error) => return Err(error),
        }
    }
    db.write("write progress in turn", async move |connection| {
        store::lock(connection, user, &[entry.challenge]).await?;
        in_turn(connection, user, ahead, &entry).await
    })
    .await
}

/// Writes one day of a user whose seat is locked.
pub(super) async fn in_turn(connection: &mut Connection, user: Uuid, ahead: Duration, entry: &Entry) -> Result<Written, Error> {
    for _ in 0..ATTEMPTS {
        let planned = plan(connection, user, ahead, entry).await?;
        if let Some(written) = apply(connection, planned, entry).await? {
            return Ok(written);
        }
        // The challenge was deactivated just now, or the seat was taken, and so is not locked: the rules say so on the next look.
    }
    Err(Failure::Conflict("progress".to_owned()).into())
}

/// What writing a day will change, by all the rules.
async fn plan(connection: &Connection, user: Uuid, ahead: Duration, entry: &Entry) -> Result<(Participant, Change), Error> {
    let found = store::standing(connection, entry.challenge, user, entry.date, ahead).await?;
    let standing = found
        .ok_or_else(|| Error::from(ChallengeError::NotFound))?
        .ok_or_else(|| Error::from(ProgressError::NotParticipating))?;
    let change = match &entry.day {
        Some(day) => standing.record(entry.date, &day.data)?,
        None => standing.delete(entry.date)?,
    };
    Ok((standing.participant, change))
}

/// Changes it, if nobody has changed it meanwhile.
async fn apply(
    connection: &mut Connection,
    (participant, change): (Participant, Change),
    entry: &Entry,
) -> Result<Option<Written>, Error> {
    let written = match &entry.day {
        None => store::delete(connection, &change).await?.map(|(score, is_visible)| (score, is_visible, None)),
        Some(content) => store::put(connection, &change, content).await?.map(|(score, is_visible, created_at, updated_at)| {
            let Change { date, daily_score, cumulative_score, .. } = change;
            let day = Day { date, content: content.clone(), daily_score, cumulative_score, created_at, updated_at };
            (score, is_visible, Some(day))
        }),
    };
    Ok(written.map(|(final_score, is_visible, day)| {
        let participant = Participant { final_score, is_visible, ..participant };
        Written { participant, change, day }
    }))
}
