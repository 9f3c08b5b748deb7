//! Queries of parked events.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::store::Pending;
use crate::error::Error;
use crate::schema::{outbox, outbox_failures};

/// An event that is no longer retried.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) event: Pending,
    pub(super) consumer: String,
    pub(super) refusal: String,
    pub(super) parked_at: Option<DateTime<Utc>>,
}

/// Names a parked event.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) consumer: String,
    pub(super) event_id: Uuid,
}

#[diesel::dsl::auto_type(no_type_alias)]
fn parked() -> _ {
    let event = outbox_failures::position.eq(outbox::position);
    let failed = outbox::table.inner_join(outbox_failures::table.on(outbox_failures::consumer.eq(outbox::consumer).and(event)));
    failed.filter(outbox_failures::parked_at.is_not_null())
}

/// Returns parked events after the position `after`, the oldest first.
pub(super) async fn list(connection: &mut AsyncPgConnection, after: Option<i64>, count: i64) -> QueryResult<Vec<Parked>> {
    let rows: Vec<(Pending, String, String, Option<DateTime<Utc>>)> = parked()
        .filter(outbox::position.gt(after.unwrap_or_default()))
        .order(outbox::position)
        .limit(count)
        .select((Pending::as_select(), outbox::consumer, outbox_failures::refusal, outbox_failures::parked_at))
        .load(connection)
        .await?;
    let parked = |(event, consumer, refusal, parked_at)| Parked { event, consumer, refusal, parked_at };
    Ok(rows.into_iter().map(parked).collect())
}

/// Returns the number of events of these aggregates that are not delivered to each consumer yet.
pub(super) async fn count_pending(
    connection: &mut AsyncPgConnection,
    aggregates: &[Uuid],
) -> QueryResult<HashMap<(String, Uuid), i64>> {
    let rows: Vec<(String, Uuid, i64)> = outbox::table
        .filter(outbox::aggregate_id.eq_any(aggregates))
        .group_by((outbox::consumer, outbox::aggregate_id))
        .select((outbox::consumer, outbox::aggregate_id, diesel::dsl::count_star()))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(consumer, aggregate, count)| ((consumer, aggregate), count)).collect())
}

/// Makes a parked event due again, as if it had been refused once.
pub(super) async fn replay(connection: &mut AsyncPgConnection, target: &Target) -> Result<(), Error> {
    let position = find(connection, target).await?;
    let failure = outbox_failures::table
        .filter(outbox_failures::consumer.eq(&target.consumer))
        .filter(outbox_failures::position.eq(position));
    diesel::update(failure)
        .set((
            outbox_failures::attempts.eq(1),
            outbox_failures::retry_at.eq(now.into_sql::<Timestamptz>().nullable()),
            outbox_failures::parked_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a parked event, which unblocks the later events of its aggregate.
pub(super) async fn discard(connection: &mut AsyncPgConnection, target: &Target) -> Result<(), Error> {
    let position = find(connection, target).await?;
    diesel::delete(outbox::table.find((&target.consumer, position))).execute(connection).await?;
    Ok(())
}

/// Locks a parked event until the transaction ends, and returns its position.
async fn find(connection: &mut AsyncPgConnection, target: &Target) -> Result<i64, Error> {
    let found = parked()
        .filter(outbox::consumer.eq(&target.consumer))
        .filter(outbox::event_id.eq(target.event_id))
        .select(outbox::position)
        .for_update()
        .first(connection)
        .await
        .optional()?;
    found.ok_or(Error::ParkedEventNotFound)
}
