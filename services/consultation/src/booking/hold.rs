//! Keeping a slot for a client for a while.

use orchard_db::idempotency::Key;
use orchard_db::{Connection, Db, moment};
use uuid::Uuid;

use super::{BookingError, HOLD_TTL, MAX_HOLDS, Party, Slot, slot};
use crate::availability::refresh_next_slot;
use crate::claim::{Hold, HoldTerms, store as claims};
use crate::error::Error;
use crate::session::store::lock_professional;

/// Holds a slot, unless the request is a repeated one.
pub(super) async fn hold(db: &Db, key: Key, party: Party, wanted: Slot) -> Result<Hold, Error> {
    db.write("hold slot", async move |connection: &mut Connection| {
        let (id, is_new) = key.claim_id(connection).await?;
        if is_new {
            insert(connection, id, party, &wanted).await?;
        }
        Ok(claims::find_hold(connection, id, party.booked_by).await?.ok_or(BookingError::HoldEnded)?)
    })
    .await
}

async fn insert(connection: &mut Connection, id: Uuid, party: Party, wanted: &Slot) -> Result<(), Error> {
    let terms = slot::lock(connection, party, wanted.professional).await?;
    terms.check_price(&wanted.price)?;
    if claims::count_holds(connection, party.client).await? >= MAX_HOLDS {
        return Err(BookingError::TooManyHolds.into());
    }
    // Nobody books a session that has begun.
    let expires_at = (moment(connection).await? + HOLD_TTL).min(wanted.start);
    let held = HoldTerms { held_by: party.booked_by, price: wanted.price.clone(), expires_at };
    slot::take(connection, &terms, (id, party.client, Some(held)), wanted.start).await?;
    Ok(())
}

/// Ends a hold of the caller, if there is one.
pub(super) async fn release(db: &Db, id: Uuid, caller: Uuid) -> Result<(), Error> {
    db.write("release slot hold", async move |connection: &mut Connection| {
        let Some(hold) = claims::find_hold(connection, id, caller).await? else { return Ok(()) };
        lock_professional(connection, hold.professional).await?;
        // It may have become a session in the meantime.
        claims::release(connection, id).await?;
        Ok(refresh_next_slot(connection, hold.professional, moment(connection).await?).await?)
    })
    .await
}
