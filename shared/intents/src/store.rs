//! Queries of intents.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, exists, min, now, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Interval, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::{interval, row as pair};
use orchard_rpc::{PageRequest, trace};
use uuid::Uuid;

use crate::schema::intents;

/// Something that is to be done at another service.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = intents)]
pub struct Intent {
    /// Its id, which the slice chose.
    pub id: Uuid,
    /// What is intended.
    pub kind: String,
    /// What is to be done next.
    pub step: String,
    /// The object that it is about.
    pub subject_id: Uuid,
    /// Failed attempts at the step.
    pub attempts: i32,
    /// Code and reason of the last failure.
    pub last_failure: Option<String>,
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) traceparent: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

/// How many intents of a kind are open.
#[derive(Debug, Queryable)]
pub(crate) struct Backlog {
    pub(crate) kind: String,
    pub(crate) open: i64,
    pub(crate) failing: i64,
    pub(crate) oldest: Option<DateTime<Utc>>,
}

/// Records an intent. The caller has so long for the first step; then workers try it.
pub async fn open(
    connection: &mut AsyncPgConnection,
    (id, subject): (Uuid, Uuid),
    (kind, step): (&str, &str),
    patience: Duration,
) -> QueryResult<()> {
    diesel::insert_into(intents::table)
        .values((
            intents::id.eq(id),
            intents::kind.eq(kind),
            intents::step.eq(step),
            intents::subject_id.eq(subject),
            intents::due_at.eq(now.into_sql::<Timestamptz>() + interval(patience).into_sql::<Interval>()),
            intents::traceparent.eq(trace::traceparent()),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Locks an intent and returns its step, if it is still open.
pub async fn step_of(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<String>> {
    intents::table.find(id).select(intents::step).for_update().first(connection).await.optional()
}

/// Names the next step of an intent, which is locked. The caller has so long for it; then workers try it.
pub async fn advance(connection: &mut AsyncPgConnection, id: Uuid, step: &str, patience: Duration) -> QueryResult<()> {
    diesel::update(intents::table.find(id))
        .set((
            intents::step.eq(step),
            intents::attempts.eq(0),
            intents::last_failure.eq(None::<String>),
            intents::due_at.eq(now.into_sql::<Timestamptz>() + interval(patience).into_sql::<Interval>()),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Ends an intent, which is locked.
pub async fn close(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    diesel::delete(intents::table.find(id)).execute(connection).await.map(drop)
}

/// Takes some of the intents that are due, those that have waited longest, and puts them off, so that no other worker takes them meanwhile.
pub(crate) async fn take_due(connection: &mut AsyncPgConnection, count: i64, lease: Duration) -> QueryResult<Vec<Intent>> {
    let due: Vec<Uuid> = intents::table
        .filter(intents::due_at.le(now))
        .order((intents::due_at, intents::id))
        .limit(count)
        .select(intents::id)
        .for_update()
        .skip_locked()
        .load(connection)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    diesel::update(intents::table.filter(intents::id.eq_any(due)))
        .set(intents::due_at.eq(now.into_sql::<Timestamptz>() + interval(lease).into_sql::<Interval>()))
        .returning(Intent::as_returning())
        .get_results(connection)
        .await
}

/// Writes down that an attempt at a step has failed. Does nothing if the step is done.
pub(crate) async fn postpone(
    connection: &mut AsyncPgConnection,
    intent: &Intent,
    failure: &str,
    delay: Duration,
) -> QueryResult<()> {
    let same = intents::table.find(intent.id).filter(intents::step.eq(&intent.step));
    diesel::update(same)
        .set((
            intents::attempts.eq(intents::attempts + 1),
            intents::last_failure.eq(failure),
            intents::due_at.eq(now.into_sql::<Timestamptz>() + interval(delay).into_sql::<Interval>()),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Makes an intent due now. Returns whether it is open.
pub(crate) async fn make_due(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    let made = diesel::update(intents::table.find(id)).set(intents::due_at.eq(now)).execute(connection).await?;
    Ok(made > 0)
}

/// Returns an open intent.
pub(crate) async fn find(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<Option<Intent>> {
    intents::table.find(id).select(Intent::as_select()).first(&mut connection).await.optional()
}

/// Returns why the latest attempts at these intents have failed, where they have.
pub async fn failures(mut connection: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<HashMap<Uuid, String>> {
    let failed: Vec<(Uuid, Option<String>)> = intents::table
        .filter(intents::id.eq_any(ids))
        .filter(intents::last_failure.is_not_null())
        .select((intents::id, intents::last_failure))
        .load(&mut connection)
        .await?;
    Ok(failed.into_iter().filter_map(|(id, failure)| Some((id, failure?))).collect())
}

/// Returns whether any of these intents is open.
pub async fn any_open(mut connection: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<bool> {
    diesel::select(exists(intents::table.filter(intents::id.eq_any(ids)))).get_result(&mut connection).await
}

/// Lists open intents, the oldest first.
pub(crate) async fn list(
    mut connection: &AsyncPgConnection,
    failing_only: bool,
    page: &PageRequest<(DateTime<Utc>, Uuid)>,
) -> QueryResult<Vec<Intent>> {
    let mut open = intents::table.into_boxed();
    if failing_only {
        open = open.filter(intents::attempts.gt(0));
    }
    if let Some(after) = page.after {
        open = open.filter(pair(intents::created_at, intents::id).gt(after));
    }
    let open = open.order((intents::created_at, intents::id)).limit(page.fetch());
    open.select(Intent::as_select()).load(&mut connection).await
}

/// Counts open intents by kind.
pub(crate) async fn backlog(mut connection: &AsyncPgConnection) -> QueryResult<Vec<Backlog>> {
    intents::table
        .group_by(intents::kind)
        .select((intents::kind, count_star(), sql::<BigInt>("count(*) FILTER (WHERE attempts > 0)"), min(intents::created_at)))
        .load(&mut connection)
        .await
}
