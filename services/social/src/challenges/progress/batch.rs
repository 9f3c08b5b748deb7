//! Several days at once: all of them, or none.

use std::sync::Arc;
use std::time::Duration;

use orchard_db::Db;
use uuid::Uuid;

use super::wire::Entry;
use super::write::{Written, in_turn};
use super::{Day, store};
use crate::challenges::participant::Participant;
use crate::error::Error;

/// What was written, as it is when all is.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the order in which they were written, each with its seat.
    days: Vec<(Uuid, Day)>,
    /// Those that were written to, each once.
    seats: Vec<Participant>,
}

impl Batch {
    fn add(&mut self, written: Written) {
        let Written { participant, change, day } = written;
        let later = self.days.iter_mut().filter(|(seat, day)| *seat == participant.id && day.date > change.date);
        later.for_each(|(_, day)| day.cumulative_score += change.difference);
        self.days.extend(day.map(|day| (participant.id, day)));
        match self.seats.iter_mut().find(|seat| seat.id == participant.id) {
            Some(seat) => *seat = participant,
            None => self.seats.push(participant),
        }
    }

    /// The days, and the seats.
    pub(super) fn into_parts(self) -> (impl Iterator<Item = Day>, Vec<Participant>) {
        (self.days.into_iter().map(|(_, day)| day), self.seats)
    }
}

/// Writes days of a user, none twice, in a transaction that has locked their seats.
pub(super) async fn all(db: &Db, user: Uuid, ahead: Duration, entries: Vec<Entry>) -> Result<Batch, Error> {
    let entries = Arc::new(entries);
    db.write("batch record progress", async move |connection| {
        let challenges: Vec<Uuid> = entries.iter().map(|entry| entry.challenge).collect();
        store::lock(connection, user, &challenges).await?;
        let mut batch = Batch::default();
        for (index, entry) in entries.iter().enumerate() {
            batch.add(in_turn(connection, user, ahead, entry).await.map_err(|error| {
                let record = format!("records[{index}]");
                error.map_refusal(|refusal| refusal.prefixed(&format!("{record}: ")).with("record", record))
            })?);
        }
        Ok(batch)
    })
    .await
}
