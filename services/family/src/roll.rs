//! The slice's own roll of users, so that references to them hold without a foreign key into another slice.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::Error;
use crate::schema::{erased_users, users};

/// Puts a user on the roll, if they are not yet and were not erased; nobody erases them before the transaction ends.
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

/// Puts a user on the roll who is to be erased, and says whether they were not there.
pub(crate) async fn add(connection: &mut &AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let add = diesel::insert_into(users::table).values(users::id.eq(user)).on_conflict_do_nothing();
    add.execute(connection).await.map(|added| added > 0)
}

/// Locks a user's place on the roll: nobody refers to it before the transaction ends. Says whether there is one.
pub(crate) async fn lock(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let place = users::table.find(user).select(users::id).for_update();
    place.first::<Uuid>(connection).await.optional().map(|found| found.is_some())
}

/// Takes a user, to whom nothing refers that must stay, off the roll and keeps them off it.
pub(crate) async fn strike(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let erased = diesel::insert_into(erased_users::table).values(erased_users::user_hash.eq(hash(user)));
    erased.on_conflict_do_nothing().execute(connection).await?;
    diesel::delete(users::table.find(user)).execute(connection).await.map(|_| ())
}

/// Names nobody: who has an id can ask whether it was erased, and who has the hash has no id.
fn hash(user: Uuid) -> Vec<u8> {
    Sha256::digest(user.as_bytes()).to_vec()
}
