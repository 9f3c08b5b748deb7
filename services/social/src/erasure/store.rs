//! Queries of erasures.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min, now};
use diesel::prelude::*;
use diesel::sql_types::{Interval, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::{interval, row};
use orchard_privacy::Receipt;
use orchard_rpc::PageRequest;
use serde_json::Value;
use uuid::Uuid;

use super::{Eraser, Erasure, ErasureState, LIMIT, Requester};
use crate::schema::{erasure_answers, erasure_requests};

#[derive(Queryable, Selectable)]
#[diesel(table_name = erasure_requests)]
struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    requested_by: Requester,
    status: ErasureState,
    requested_at: DateTime<Utc>,
    begins_at: DateTime<Utc>,
    deadline_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Erasure {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            requester: row.requested_by,
            state: row.status,
            requested_at: row.requested_at,
            begins_at: row.begins_at,
            deadline: row.deadline_at,
            ended_at: row.ended_at,
        }
    }
}

/// The answer of a service.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) eraser: Eraser,
    pub(super) receipt: Receipt,
    pub(super) answered_at: DateTime<Utc>,
}

/// Inserts an erasure that begins after a delay, unless the user has one. Returns whether it did.
pub(super) async fn insert(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    (user, requester): (Uuid, Requester),
    delay: Duration,
) -> QueryResult<bool> {
    let after = |delay: Duration| now.into_sql::<Timestamptz>() + interval(delay).into_sql::<Interval>();
    let inserted = diesel::insert_into(erasure_requests::table)
        .values((
            erasure_requests::id.eq(id),
            erasure_requests::user_id.eq(user),
            erasure_requests::requested_by.eq(requester),
            erasure_requests::begins_at.eq(after(delay)),
            erasure_requests::deadline_at.eq(after(LIMIT)),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted > 0)
}

/// Returns an erasure.
pub(super) async fn find(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Erasure>> {
    let found = erasure_requests::table.find(id).select(Row::as_select());
    found.first(&mut connection).await.optional().map(|row| row.map(Erasure::from))
}

/// Returns the erasure of a user that is not done.
pub(super) async fn of_user(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Option<Erasure>> {
    let found = erasure_requests::table.filter(erasure_requests::user_id.eq(user)).select(Row::as_select());
    found.first(&mut connection).await.optional().map(|row| row.map(Erasure::from))
}

/// Locks an erasure.
pub(super) async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Erasure>> {
    let found = erasure_requests::table.find(id).select(Row::as_select()).for_update();
    found.first(connection).await.optional().map(|row| row.map(Erasure::from))
}

/// Deletes an erasure.
pub(super) async fn delete(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::delete(erasure_requests::table.find(id)).execute(connection).await.map(drop)
}

/// Writes that a user has asked for their erasure, too.
pub(super) async fn adopt(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let asked = erasure_requests::table.filter(erasure_requests::user_id.eq(user));
    diesel::update(asked.filter(erasure_requests::requested_by.ne(Requester::User)))
        .set((erasure_requests::requested_by.eq(Requester::User), erasure_requests::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Writes that an erasure has begun.
pub(super) async fn begin(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::update(erasure_requests::table.find(id))
        .set((erasure_requests::status.eq(ErasureState::Running), erasure_requests::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Writes that all services have answered, and forgets the user. The time is rounded, so that no row of the last service's erasure matches.
pub(super) async fn end(connection: &mut AsyncPgConnection, id: Uuid, today: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(erasure_requests::table.find(id))
        .set((
            erasure_requests::status.eq(ErasureState::Done),
            erasure_requests::user_id.eq(None::<Uuid>),
            erasure_requests::ended_at.eq(today),
            erasure_requests::updated_at.eq(today),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Lists erasures, the oldest first.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    open_only: bool,
    page: &PageRequest<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Erasure>> {
    let mut erasures = erasure_requests::table.into_boxed();
    if open_only {
        erasures = erasures.filter(erasure_requests::user_id.is_not_null());
    }
    if let Some(after) = page.after {
        erasures = erasures.filter(row(erasure_requests::requested_at, erasure_requests::id).gt(after));
    }
    let ordered = erasures.order((erasure_requests::requested_at, erasure_requests::id)).limit(page.fetch());
    let rows: Vec<Row> = ordered.select(Row::as_select()).load(&mut connection).await?;
    Ok(rows.into_iter().map(Erasure::from).collect())
}

/// Writes down the answer of a service. The first one counts.
pub(super) async fn answer(connection: &mut AsyncPgConnection, id: Uuid, eraser: Eraser, receipt: &Receipt) -> QueryResult<()> {
    diesel::insert_into(erasure_answers::table)
        .values((
            erasure_answers::erasure_id.eq(id),
            erasure_answers::service.eq(eraser),
            erasure_answers::table_counts.eq(orchard_privacy::json(receipt)?),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await
        .map(drop)
}

/// Returns the answers to erasures, by the names of the services.
pub(super) async fn answers(mut connection: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<(Uuid, Answer)>> {
    let rows: Vec<(Uuid, Eraser, Value, DateTime<Utc>)> = erasure_answers::table
        .filter(erasure_answers::erasure_id.eq_any(ids))
        .order((erasure_answers::erasure_id, erasure_answers::service))
        .select((
            erasure_answers::erasure_id,
            erasure_answers::service,
            erasure_answers::table_counts,
            erasure_answers::answered_at,
        ))
        .load(&mut connection)
        .await?;
    let answer = |(id, eraser, counts, answered_at)| {
        let receipt =
            serde_json::from_value(counts).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
        Ok((id, Answer { eraser, receipt, answered_at }))
    };
    rows.into_iter().map(answer).collect()
}

/// Returns how many erasures are not done, and when the oldest of those that have begun began.
pub(super) async fn backlog(mut connection: &AsyncPgConnection) -> QueryResult<(i64, Option<DateTime<Utc>>)> {
    let begun = erasure_requests::status.eq(ErasureState::Running);
    erasure_requests::table
        .filter(erasure_requests::user_id.is_not_null())
        .select((count_star(), min(erasure_requests::begins_at).aggregate_filter(begun)))
        .first(&mut connection)
        .await
}
