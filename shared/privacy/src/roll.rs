//! Who is known to a slice, and who is not any more. Every row that names a user needs their row in `users`.

use std::collections::BTreeSet;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::schema::{erased_users, users};

/// Knows a user from their first use on, unless they were erased, which is what it says; nobody erases them before the transaction ends.
///
/// An erasure that was first is waited for, by the one statement or by the other: if it has added the row, the insertion waits, and what
/// follows sees what it left, for each statement sees what was committed before it; if it has locked the row, the second waits until the
/// row is gone. Both are sent at once.
pub async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let (mut adding, mut looking) = (&*connection, &*connection);
    let added = add(&mut adding, user);
    let may_stay = not(exists(erased_users::table.find(hash(user))));
    let found = users::table.find(user).select(may_stay).for_key_share().first::<bool>(&mut looking);
    let (_, found) = tokio::try_join!(added, async { found.await.optional() })?;
    Ok(found == Some(true))
}

/// Adds a user who is to be erased, and says whether they were not there.
pub async fn add(connection: &mut &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let add = diesel::insert_into(users::table).values(users::id.eq(user)).on_conflict_do_nothing();
    add.execute(connection).await.map(|added| added > 0)
}

/// Locks a user's row: nobody refers to it before the transaction ends. Says whether there is one.
pub async fn lock(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let place = users::table.find(user).select(users::id).for_update();
    place.first::<Uuid>(connection).await.optional().map(|found| found.is_some())
}

/// Forgets a user, to whom nothing refers that must stay, and keeps them forgotten.
pub async fn strike(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let erased = diesel::insert_into(erased_users::table).values(erased_users::user_hash.eq(hash(user)));
    erased.on_conflict_do_nothing().execute(connection).await?;
    diesel::delete(users::table.find(user)).execute(connection).await.map(|_| ())
}

/// Those of these users who were erased.
pub async fn erased(connection: &mut AsyncPgConnection, all: impl IntoIterator<Item = Uuid>) -> QueryResult<BTreeSet<Uuid>> {
    let all: Vec<(Uuid, Vec<u8>)> = all.into_iter().map(|user| (user, hash(user))).collect();
    let hashes: Vec<&[u8]> = all.iter().map(|(_, hash)| hash.as_slice()).collect();
    let tombstones = erased_users::table.filter(erased_users::user_hash.eq_any(hashes)).select(erased_users::user_hash);
    let erased: BTreeSet<Vec<u8>> = tombstones.load(connection).await?.into_iter().collect();
    Ok(all.into_iter().filter(|(_, hash)| erased.contains(hash)).map(|(user, _)| user).collect())
}

/// Names nobody: who has an id can ask whether it was erased, and who has the hash has no id.
fn hash(user: Uuid) -> Vec<u8> {
    Sha256::digest(user.as_bytes()).to_vec()
}
