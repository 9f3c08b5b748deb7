//! The users whom this slice knows. Every row that names a user needs that user's row in `users`.

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_privacy::roll;
use uuid::Uuid;

use crate::error::Error;
use crate::schema::users;

/// Adds a user who is not known yet, such as on their first call, and refuses one who was erased. The user cannot be erased before the
/// transaction ends.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> Result<(), Error> {
    roll::enrol_or(connection, user, Error::user_erased).await
}

/// Adds those of these users who are not known yet, as [`enrol`] does, but skips those who were erased. A user who is being
/// erased may still have a row, and whatever refers to it is erased with it. It locks in the order of ids, so
/// transactions that add the same users do not deadlock.
pub(crate) async fn enrol_all(connection: &mut AsyncPgConnection, ids: &BTreeSet<Uuid>) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let added: Vec<_> = ids.iter().map(|id| users::id.eq(*id)).collect();
    let new = diesel::insert_into(users::table).values(added).on_conflict_do_nothing();
    let new: Vec<Uuid> = new.returning(users::id).get_results(connection).await?;
    let known: Vec<Uuid> = rows(ids).select(users::id).order(users::id).for_key_share().load(connection).await?;
    let erased = roll::erased(connection, known).await?;
    let erased: BTreeSet<Uuid> = new.into_iter().filter(|user| erased.contains(user)).collect();
    if !erased.is_empty() {
        diesel::delete(rows(&erased)).execute(connection).await?;
    }
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn rows(ids: &BTreeSet<Uuid>) -> _ {
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    users::table.filter(users::id.eq_any(ids))
}

/// Locks the rows of these users until the transaction ends, and returns those who are known. It locks in the order of ids, so
/// transactions that lock the same users do not deadlock.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, ids: &BTreeSet<Uuid>) -> QueryResult<Vec<Uuid>> {
    rows(ids).select(users::id).order(users::id).for_no_key_update().load(connection).await
}

/// Returns whether a user is known.
pub(crate) async fn is_known(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    diesel::select(exists(users::table.find(user))).get_result(&mut connection).await
}

/// Returns whether a user was erased, or is being erased.
pub(crate) async fn is_erased(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    Ok(!roll::erased(connection, [user]).await?.is_empty())
}
