//! The roll: the users that a slice refers to, and the tombstones of those who were erased.
//!
//! Every row that refers to a user needs their row in `users`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::schema::{erased_users, users};

/// Adds a user to the roll, or returns the error that `erased` makes if the user was erased. See [`enrol`].
pub async fn enrol_or<E: From<diesel::result::Error>>(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    erased: impl FnOnce() -> E,
) -> Result<(), E> {
    if enrol(connection, user).await? { Ok(()) } else { Err(erased()) }
}

/// Adds a user to the roll on their first use, and keeps them from being erased or barred before the transaction ends. Returns false if the
/// user was erased or barred.
///
/// If an erasure that came first has inserted the row, the insertion waits for it. If it has locked the row, the selection waits. The
/// tombstone is looked for by a statement of its own: the one that has waited does not see what was committed meanwhile. All are sent at
/// once, and PostgreSQL takes them in this order.
pub async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let (mut adding, mut locking, mut looking) = (&*connection, &*connection, &*connection);
    let added = add(&mut adding, user);
    let locked = users::table.find(user).select(users::id).for_key_share().first::<Uuid>(&mut locking);
    let is_barred = diesel::select(exists(erased_users::table.find(hash(user)))).get_result::<bool>(&mut looking);
    let (_, locked, is_barred) = tokio::try_join!(added, async { locked.await.optional() }, is_barred)?;
    Ok(locked.is_some() && !is_barred)
}

/// Adds a user who is about to be erased. Returns whether they were not on the roll.
pub async fn add(connection: &mut &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let add = diesel::insert_into(users::table).values(users::id.eq(user)).on_conflict_do_nothing();
    add.execute(connection).await.map(|added| added > 0)
}

/// Locks a user's row, so that no row can refer to it before the transaction ends. Returns whether the user is on the roll.
pub async fn lock(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let row = users::table.find(user).select(users::id).for_update();
    row.first::<Uuid>(connection).await.optional().map(|found| found.is_some())
}

/// Adds the tombstone of a user who is about to be erased, after the transactions that have enrolled them. The rows that refer to the user
/// stay, but no new ones can be added. Returns whether there may be any.
pub async fn bar(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    // The insertion waits for whoever is adding the user.
    let is_new = add(&mut &*connection, user).await?;
    let is_known = lock(connection, user).await? && !is_new;
    add_tombstone(connection, user).await?;
    if is_new {
        diesel::delete(users::table.find(user)).execute(connection).await?;
    }
    Ok(is_known)
}

async fn add_tombstone(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let tombstone = diesel::insert_into(erased_users::table).values(erased_users::user_hash.eq(hash(user)));
    tombstone.on_conflict_do_nothing().execute(connection).await.map(drop)
}

/// Deletes a user to whom no row refers any more, and adds their tombstone.
pub async fn strike(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    add_tombstone(connection, user).await?;
    diesel::delete(users::table.find(user)).execute(connection).await.map(|_| ())
}

/// When pseudonyms were created, who take the places of erased users in rows that others need: the times of the erasures would identify the
/// users.
const PSEUDONYM_SINCE: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// Adds a pseudonym.
pub async fn add_pseudonym(connection: &mut AsyncPgConnection, pseudonym: Uuid) -> QueryResult<()> {
    let row = (users::id.eq(pseudonym), users::created_at.eq(PSEUDONYM_SINCE));
    diesel::insert_into(users::table).values(row).execute(connection).await.map(|_| ())
}

/// Returns whether a row of the roll is a pseudonym, and not a user.
pub async fn is_pseudonym(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let created = users::table.find(id).select(users::created_at).first(connection).await.optional()?;
    Ok(created == Some(PSEUDONYM_SINCE))
}

/// Returns those of the given users who were erased.
pub async fn erased(connection: &mut AsyncPgConnection, all: impl IntoIterator<Item = Uuid>) -> QueryResult<BTreeSet<Uuid>> {
    let all: Vec<(Uuid, Vec<u8>)> = all.into_iter().map(|user| (user, hash(user))).collect();
    let hashes: Vec<&[u8]> = all.iter().map(|(_, hash)| hash.as_slice()).collect();
    let tombstones = erased_users::table.filter(erased_users::user_hash.eq_any(hashes)).select(erased_users::user_hash);
    let erased: BTreeSet<Vec<u8>> = tombstones.load(connection).await?.into_iter().collect();
    Ok(all.into_iter().filter(|(_, hash)| erased.contains(hash)).map(|(user, _)| user).collect())
}

/// Returns the hash by which a tombstone is found. An id leads to its hash, but a hash leads to no id.
fn hash(user: Uuid) -> Vec<u8> {
    Sha256::digest(user.as_bytes()).to_vec()
}
