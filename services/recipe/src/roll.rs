//! The slice's own roll of users, so that references to them hold without a foreign key into another slice.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::users;

/// Puts a user on the roll, if they are not yet.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let enrol = diesel::insert_into(users::table).values(users::id.eq(user)).on_conflict_do_nothing();
    enrol.execute(connection).await.map(|_| ())
}
