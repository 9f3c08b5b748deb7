//! Users who are children. This is a fact about the user: it outlives seats and plans.

use std::collections::BTreeMap;

use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_privacy::schema::users;
use orchard_proto::family::v1 as pb;
use uuid::Uuid;

use super::RightsError;
use crate::error::Error;
use crate::schema::children;

/// Returns whether a user is a child.
pub(crate) async fn is_child(connection: &mut Connection, user: Uuid) -> QueryResult<bool> {
    let child = children::table.find(user).filter(children::released_at.is_null());
    diesel::select(exists(child)).get_result(connection).await
}

/// Refuses a user who is a child, and locks the user, who neither becomes a child nor is released before the transaction ends.
pub(crate) async fn check_adult(connection: &mut Connection, user: Uuid) -> Result<(), Error> {
    lock(connection, user).await?;
    if is_child(connection, user).await? { Err(RightsError::Child.into()) } else { Ok(()) }
}

/// Returns those of these users who are children, with their guardians.
pub(crate) async fn among(mut connection: &Connection, users: &[Uuid]) -> QueryResult<BTreeMap<Uuid, Option<Uuid>>> {
    let found = children::table.filter(children::user_id.eq_any(users)).filter(children::released_at.is_null());
    let found: Vec<(Uuid, Option<Uuid>)> =
        found.select((children::user_id, children::guardian_user_id)).load(&mut connection).await?;
    Ok(found.into_iter().collect())
}

/// A user who is or was a child.
#[derive(Debug, Clone, Copy, Queryable)]
pub(crate) struct Child {
    id: Uuid,
    pub(crate) guardian: Option<Uuid>,
    pub(crate) is_released: bool,
    event_sequence: i64,
}

/// Locks a user, and returns whether they are or were a child.
pub(crate) async fn find(connection: &mut Connection, user: Uuid) -> QueryResult<Option<Child>> {
    lock(connection, user).await?;
    children::table
        .find(user)
        .select((children::id, children::guardian_user_id, children::released_at.is_not_null(), children::event_sequence))
        .first(connection)
        .await
        .optional()
}

/// Makes a user a child, unless they are one.
pub(crate) async fn protect(connection: &mut Connection, outbox: &Outbox, user: Uuid, guardian: Option<Uuid>) -> QueryResult<()> {
    let (id, sequence) = match find(connection, user).await? {
        Some(child) if !child.is_released => return Ok(()),
        Some(child) => {
            write(connection, user, child.event_sequence + 1, false).await?;
            (child.id, child.event_sequence + 1)
        }
        None => {
            let new = (children::user_id.eq(user), children::guardian_user_id.eq(guardian));
            diesel::insert_into(children::table)
                .values(new)
                .returning((children::id, children::event_sequence))
                .get_result(connection)
                .await?
        }
    };
    outbox.publish(connection, id, sequence, &pb::ChildProtected { user_id: user.to_string() }).await
}

/// Ends that a user is a child.
pub(crate) async fn release(connection: &mut Connection, outbox: &Outbox, user: Uuid, child: Child) -> QueryResult<()> {
    let sequence = child.event_sequence + 1;
    write(connection, user, sequence, true).await?;
    outbox.publish(connection, child.id, sequence, &pb::ChildReleased { user_id: user.to_string() }).await
}

async fn write(connection: &mut Connection, user: Uuid, sequence: i64, is_released: bool) -> QueryResult<()> {
    let released_at = if is_released { Some(orchard_db::moment(connection).await?) } else { None };
    diesel::update(children::table.find(user))
        .set((children::released_at.eq(released_at), children::event_sequence.eq(sequence), children::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Locks a user. Each change of a seat locks the plan and then the user.
async fn lock(connection: &mut Connection, user: Uuid) -> QueryResult<()> {
    let row = users::table.find(user).select(users::id).for_no_key_update();
    row.first::<Uuid>(connection).await.optional().map(drop)
}
