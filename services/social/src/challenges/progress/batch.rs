//! Recording several days: all of them, or none.

use std::sync::Arc;

use orchard_db::Db;
use orchard_server::Clock;
use uuid::Uuid;

use super::recording::{DayWrite, WrittenDay, write_locked};
use super::{ProgressDay, store};
use crate::challenges::participant::Participant;
use crate::error::Error;

/// The written days and their seats, as they are after the whole batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the order of writing, each with the id of its seat.
    days: Vec<(Uuid, ProgressDay)>,
    /// Each seat once.
    seats: Vec<Participant>,
}

impl Batch {
    fn add(&mut self, written: WrittenDay) {
        let WrittenDay { participant, change, day } = written;
        let later = self.days.iter_mut().filter(|(seat, day)| *seat == participant.id && day.date > change.date);
        later.for_each(|(_, day)| day.cumulative_score += change.difference);
        self.days.extend(day.map(|day| (participant.id, day)));
        match self.seats.iter_mut().find(|seat| seat.id == participant.id) {
            Some(seat) => *seat = participant,
            None => self.seats.push(participant),
        }
    }

    /// Returns the days and the seats.
    pub(super) fn into_parts(self) -> (impl Iterator<Item = ProgressDay>, Vec<Participant>) {
        (self.days.into_iter().map(|(_, day)| day), self.seats)
    }
}

/// Writes several distinct days of a user in one transaction, which locks their seats.
pub(super) async fn write_all(db: &Db, clock: &Clock, user: Uuid, writes: Vec<DayWrite>) -> Result<Batch, Error> {
    let (writes, clock) = (Arc::new(writes), clock.clone());
    db.write("batch record progress", async move |connection| {
        let challenges: Vec<Uuid> = writes.iter().map(|write| write.challenge).collect();
        store::lock(connection, user, &challenges).await?;
        let mut batch = Batch::default();
        for (index, write) in writes.iter().enumerate() {
            batch.add(write_locked(connection, &clock, write).await.map_err(|error| {
                let record = format!("records[{index}]");
                error.map_refusal(|refusal| refusal.prefixed(&format!("{record}: ")).with("record", record))
            })?);
        }
        Ok(batch)
    })
    .await
}
