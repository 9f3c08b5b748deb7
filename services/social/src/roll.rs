//! Who is known here, and who is not any more. Every row that names a user needs their row in `users`.

use std::collections::BTreeSet;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::Error;
use crate::schema::{erased_users, users};

/// Knows a user from their first use on, though nobody has registered them, if they were not erased; nobody erases them before the
/// transaction ends.
///
/// An erasure that was first is waited for, by the one statement or by the other: if it has added the row, the insertion waits, and what
/// follows sees what it left, for each statement sees what was committed before it; if it has locked the row, the second waits until the
/// row is gone. Both are sent at once.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> Result<(), Error> {
    let (mut adding, mut looking) = (&*connection, &*connection);
    let added = add(&mut adding, user);
    let may_stay = not(exists(erased_users::table.find(hash(user))));
    let found = users::table.find(user).select(may_stay).for_key_share().first::<bool>(&mut looking);
    let (_, found) = tokio::try_join!(added, async { found.await.optional() })?;
    if found == Some(true) { Ok(()) } else { Err(Error::UserErased) }
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
    let hashes: Vec<Vec<u8>> = held.iter().copied().map(hash).collect();
    let tombstones = erased_users::table.filter(erased_users::user_hash.eq_any(hashes)).select(erased_users::user_hash);
    let erased: BTreeSet<Vec<u8>> = tombstones.load(connection).await?.into_iter().collect();
    let gone: BTreeSet<Uuid> = held.into_iter().filter(|id| erased.contains(&hash(*id))).collect();
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

/// Why a user is not known.
pub(crate) async fn missing(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Error> {
    let erased = diesel::select(exists(erased_users::table.find(hash(user)))).get_result(connection).await?;
    Ok(if erased { Error::UserErased } else { Error::ProfileNotFound })
}

/// Whether a user is known.
pub(crate) async fn is_known(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    diesel::select(exists(users::table.find(user))).get_result(connection).await
}

/// Adds a user who is to be erased, and says whether they were not there.
pub(crate) async fn add(connection: &mut &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let add = diesel::insert_into(users::table).values(users::id.eq(user)).on_conflict_do_nothing();
    add.execute(connection).await.map(|added| added > 0)
}

/// Locks a user's row: nobody refers to it before the transaction ends. Says whether there is one.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let place = users::table.find(user).select(users::id).for_update();
    place.first::<Uuid>(connection).await.optional().map(|found| found.is_some())
}

/// Forgets a user, to whom nothing refers that must stay, and keeps them forgotten.
pub(crate) async fn strike(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let erased = diesel::insert_into(erased_users::table).values(erased_users::user_hash.eq(hash(user)));
    erased.on_conflict_do_nothing().execute(connection).await?;
    diesel::delete(users::table.find(user)).execute(connection).await.map(|_| ())
}

/// Names nobody: who has an id can ask whether it was erased, and who has the hash has no id.
fn hash(user: Uuid) -> Vec<u8> {
    Sha256::digest(user.as_bytes()).to_vec()
}
