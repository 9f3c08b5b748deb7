//! Who is known here, and who is not any more. Every row that names a user needs their row in `users`.

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::roll;
use uuid::Uuid;

use crate::error::Error;
use crate::people::profile::ProfileError;
use crate::schema::users;

/// Knows a user from their first use on, though nobody has registered them, if they were not erased; nobody erases them before the
/// transaction ends.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> Result<(), Error> {
    if roll::enrol(connection, user).await? { Ok(()) } else { Err(Error::user_erased()) }
}

/// The same for many, but that those who were erased are not there afterwards. In one order, so that two who know some of the same users
/// do not wait for each other.
pub(crate) async fn enrol_all(connection: &mut AsyncPgConnection, all: &BTreeSet<Uuid>) -> QueryResult<()> {
    if all.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = all.iter().map(|id| users::id.eq(*id)).collect();
    diesel::insert_into(users::table).values(rows).on_conflict_do_nothing().execute(connection).await?;
    let held: Vec<Uuid> = places(all).select(users::id).order(users::id).for_key_share().load(connection).await?;
    let gone = roll::erased(connection, held).await?;
    if !gone.is_empty() {
        // These were added above: of who was erased there is no row.
        diesel::delete(places(&gone)).execute(connection).await?;
    }
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn places(ids: &BTreeSet<Uuid>) -> _ {
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    users::table.filter(users::id.eq_any(ids))
}

/// Has those who write about these users take turns, until the transaction ends, and says which of them are known. In one order, so that
/// two never wait for each other.
pub(crate) async fn take_turns(connection: &mut AsyncPgConnection, ids: &BTreeSet<Uuid>) -> QueryResult<Vec<Uuid>> {
    places(ids).select(users::id).order(users::id).for_no_key_update().load(connection).await
}

/// Interim.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, ids: &BTreeSet<Uuid>) -> QueryResult<Vec<Uuid>> {
    take_turns(connection, ids).await
}

/// Why a user is not known.
pub(crate) async fn missing(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Error> {
    let erased = !roll::erased(connection, [user]).await?.is_empty();
    Ok(if erased { Error::user_erased() } else { ProfileError::NotFound.into() })
}

/// Whether a user is known.
pub(crate) async fn is_known(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    diesel::select(exists(users::table.find(user))).get_result(connection).await
}
