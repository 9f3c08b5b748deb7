//! Taking a slot, for a hold or a session.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use orchard_db::{Connection, moment};
use orchard_privacy::roll;
use uuid::Uuid;

use super::store::{self, Terms};
use super::{BookingError, Party};
use crate::availability::{Range, Taken, is_offered, refresh_next_slot, store as availability};
use crate::claim::{Claim, ClaimError, Hold, HoldTerms, store as claims};
use crate::error::Error;
use crate::professional::ProfessionalError;

/// Locks the client and the professional, and ends the holds of both that have expired. Returns the professional's terms.
pub(super) async fn lock(connection: &mut Connection, party: Party, professional: Uuid) -> Result<Terms, Error> {
    party.permission?;
    roll::enrol_or(connection, party.client, Error::user_erased).await?;
    if party.booked_by != party.client {
        roll::enrol_or(connection, party.booked_by, Error::user_erased).await?;
    }
    if !store::lock_client(connection, party.client).await? {
        return Err(Error::user_erased());
    }
    let terms = store::lock_terms(connection, professional, [party.client, party.booked_by]).await?;
    let terms = terms.ok_or(ProfessionalError::NotFound)?;
    if [party.client, party.booked_by].map(Some).contains(&terms.account) {
        return Err(BookingError::OwnProfessional.into());
    }
    claims::expire(connection, professional, party.client).await?;
    Ok(terms)
}

impl Terms {
    /// Checks the price that the caller has seen.
    pub(super) fn check_price(&self, seen: &BigDecimal) -> Result<(), BookingError> {
        same_price(self.rate.as_ref().ok_or(BookingError::RateNotSet)?, seen)
    }
}

/// Checks the price that the caller has seen.
pub(super) fn same_price(price: &BigDecimal, seen: &BigDecimal) -> Result<(), BookingError> {
    if price == seen { Ok(()) } else { Err(BookingError::PriceChanged { price: price.clone() }) }
}

/// Takes a slot that the professional, who is locked, offers now, as `id`. Returns the time.
pub(super) async fn take(
    connection: &mut Connection,
    terms: &Terms,
    (id, client, hold): (Uuid, Uuid, Option<HoldTerms>),
    start: DateTime<Utc>,
) -> Result<Taken, Error> {
    if !terms.is_listed {
        return Err(BookingError::Unavailable.into());
    }
    let schedule = terms.schedule.as_ref().ok_or(ClaimError::SlotTaken)?;
    let taken = availability::taken(connection, &[terms.professional], Range { from: start, to: start }).await?;
    let taken = taken.get(&terms.professional).map(Vec::as_slice).unwrap_or_default();
    let now = moment(connection).await?;
    if !is_offered(schedule, taken, start, now) {
        return Err(ClaimError::SlotTaken.into());
    }
    let slot = schedule.slot(start);
    let time = Taken { start, end: slot.to, buffers: schedule.buffers };
    claims::insert(connection, &Claim { id, professional: terms.professional, client, time, hold }).await?;
    refresh_next_slot(connection, terms.professional, now).await?;
    Ok(time)
}

/// Ends what the client holds of the professional. Returns the hold if it is of this start, so that it can become the session instead.
pub(super) async fn own_hold(
    connection: &mut Connection,
    professional: Uuid,
    client: Uuid,
    start: DateTime<Utc>,
) -> Result<Option<Hold>, Error> {
    let Some(hold) = claims::own_hold(connection, professional, client).await? else { return Ok(None) };
    if hold.start == start {
        return Ok(Some(hold));
    }
    claims::delete(connection, &[hold.id]).await?;
    Ok(None)
}
