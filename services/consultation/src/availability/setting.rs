//! Setting a schedule.

use orchard_db::{Connection, Db, moment};

use super::wire::NewSchedule;
use super::{refresh_next_slot, store};
use crate::error::Error;
use crate::professional::{ProfessionalError, Viewer, lock_managed};

/// Replaces the schedule of a professional.
pub(super) async fn set(db: &Db, new: NewSchedule, caller: Viewer) -> Result<(), Error> {
    db.write("set schedule", async move |connection: &mut Connection| {
        let NewSchedule { id, etag, schedule } = new;
        lock_managed(connection, id, caller).await?;
        // One that cannot be read is replaced.
        let before = store::schedule(connection, id).await?.and_then(|before| before.read().ok());
        // Also for a repeated request, whose etag is outdated by its own effect.
        if before.as_ref() == Some(&schedule) {
            return Ok(());
        }
        let is_current = etag.is_none_or(|etag| before.is_some_and(|before| before.etag() == etag));
        if !is_current {
            return Err(ProfessionalError::Changed.into());
        }
        store::set_schedule(connection, id, &schedule).await?;
        let now = moment(connection).await?;
        Ok(refresh_next_slot(connection, id, now).await?)
    })
    .await
}
