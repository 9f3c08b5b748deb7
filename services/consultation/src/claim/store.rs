//! Queries of claims.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::Failure;
use uuid::Uuid;

use super::{Claim, ClaimError, Hold};
use crate::error::Error;
use crate::schema::time_claims;

/// Deletes the expired holds of a professional and of a client, whose rows are locked, so that they are in nobody's way.
pub(crate) async fn expire(connection: &mut AsyncPgConnection, professional: Uuid, client: Uuid) -> QueryResult<()> {
    let theirs = time_claims::professional_id.eq(professional).or(time_claims::user_id.eq(client));
    diesel::delete(time_claims::table.filter(theirs).filter(time_claims::expires_at.le(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Takes time. The constraints decide.
pub(crate) async fn insert(connection: &mut AsyncPgConnection, claim: &Claim) -> Result<(), Error> {
    let (taken, minutes) = (claim.time.range(), |minutes: u32| i32::try_from(minutes).unwrap_or(i32::MAX));
    let hold = claim.hold.as_ref();
    let inserted = diesel::insert_into(time_claims::table)
        .values((
            time_claims::id.eq(claim.id),
            time_claims::professional_id.eq(claim.professional),
            time_claims::user_id.eq(claim.client),
            time_claims::starts_at.eq(claim.time.start),
            time_claims::ends_at.eq(claim.time.end),
            time_claims::buffer_before_minutes.eq(minutes(claim.time.buffers.before_minutes)),
            time_claims::buffer_after_minutes.eq(minutes(claim.time.buffers.after_minutes)),
            time_claims::taken_from.eq(taken.from),
            time_claims::taken_to.eq(taken.to),
            time_claims::expires_at.eq(hold.map(|hold| hold.expires_at)),
            time_claims::held_by.eq(hold.map(|hold| hold.held_by)),
            time_claims::held_price.eq(hold.map(|hold| hold.price.clone())),
        ))
        .execute(connection)
        .await;
    match inserted.map_err(Failure::from) {
        Ok(_) => Ok(()),
        Err(Failure::Constraint { name, .. }) if name == "time_claims_professional_overlap" => Err(ClaimError::SlotTaken.into()),
        Err(Failure::Constraint { name, .. }) if name == "time_claims_user_overlap" => Err(ClaimError::ClientBusy.into()),
        Err(Failure::Constraint { name, .. }) if name == "time_claims_hold_key" => Err(ClaimError::HeldBefore.into()),
        Err(failure) => Err(failure.into()),
    }
}

/// Frees the time of sessions or holds.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<()> {
    diesel::delete(time_claims::table.filter(time_claims::id.eq_any(ids))).execute(connection).await.map(|_| ())
}

/// A hold as it is stored. The columns that may be NULL are none in holds.
type HoldRow = (Uuid, Uuid, Uuid, DateTime<Utc>, DateTime<Utc>, Option<BigDecimal>, Option<DateTime<Utc>>);

/// Returns a live hold of a caller, who may hold it for a child.
pub(crate) async fn find_hold(mut connection: &AsyncPgConnection, id: Uuid, caller: Uuid) -> QueryResult<Option<Hold>> {
    let live = time_claims::expires_at.gt(now).and(time_claims::held_by.eq(caller)).assume_not_null();
    let found: Option<HoldRow> = holds().filter(time_claims::id.eq(id)).filter(live).first(&mut connection).await.optional()?;
    Ok(found.and_then(hold))
}

/// Returns what a client holds of a professional. Both are locked, and expired holds are deleted.
pub(crate) async fn own_hold(connection: &mut AsyncPgConnection, professional: Uuid, client: Uuid) -> QueryResult<Option<Hold>> {
    let own = time_claims::user_id.eq(client).and(time_claims::professional_id.eq(professional));
    let found: Option<HoldRow> = holds().filter(own).first(connection).await.optional()?;
    Ok(found.and_then(hold))
}

/// Counts what a client holds.
pub(crate) async fn count_holds(connection: &mut AsyncPgConnection, client: Uuid) -> QueryResult<i64> {
    let live = time_claims::table.filter(time_claims::user_id.eq(client)).filter(time_claims::expires_at.gt(now));
    live.select(count_star()).first(connection).await
}

/// Makes the time that a client holds the time of a session. Returns whether it was held still.
pub(crate) async fn make_session(connection: &mut AsyncPgConnection, hold: Uuid, session: Uuid) -> QueryResult<bool> {
    diesel::update(time_claims::table.find(hold))
        .set((
            time_claims::id.eq(session),
            time_claims::expires_at.eq(None::<DateTime<Utc>>),
            time_claims::held_by.eq(None::<Uuid>),
            time_claims::held_price.eq(None::<BigDecimal>),
        ))
        .execute(connection)
        .await
        .map(|made| made > 0)
}

/// Ends a hold, unless it has become a session.
pub(crate) async fn release(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    let hold = time_claims::table.find(id).filter(time_claims::expires_at.is_not_null());
    diesel::delete(hold).execute(connection).await.map(|_| ())
}

/// Ends what a client holds of a professional. Both are locked.
pub(crate) async fn release_own(connection: &mut AsyncPgConnection, professional: Uuid, client: Uuid) -> QueryResult<()> {
    let own = time_claims::table.filter(time_claims::user_id.eq(client)).filter(time_claims::professional_id.eq(professional));
    diesel::delete(own.filter(time_claims::expires_at.is_not_null())).execute(connection).await.map(|_| ())
}

/// Ends all holds of a professional, whose row is locked.
pub(crate) async fn release_all(connection: &mut AsyncPgConnection, professional: Uuid) -> QueryResult<()> {
    let holds = time_claims::table.filter(time_claims::professional_id.eq(professional));
    diesel::delete(holds.filter(time_claims::expires_at.is_not_null())).execute(connection).await.map(|_| ())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn holds() -> _ {
    time_claims::table.filter(time_claims::expires_at.is_not_null()).select((
        time_claims::id,
        time_claims::professional_id,
        time_claims::user_id,
        time_claims::starts_at,
        time_claims::ends_at,
        time_claims::held_price,
        time_claims::expires_at,
    ))
}

fn hold((id, professional, client, start, end, price, expires_at): HoldRow) -> Option<Hold> {
    Some(Hold { id, professional, client, start, end, price: price?, expires_at: expires_at? })
}
