//! Queries of the outbox.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::data_types::PgInterval;
use diesel::dsl::{not, now};
use diesel::prelude::*;
use diesel::sql_types::{Interval, Nullable, Timestamptz};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::interval;
use uuid::Uuid;

use crate::schema::{outbox, outbox_failures, outbox_leases};

/// The most events of one INSERT: a statement has at most 65,535 parameters.
const INSERT_BATCH: usize = 1_000;

/// An event to insert.
#[derive(Insertable)]
#[diesel(table_name = outbox)]
pub(super) struct NewEvent<'a> {
    pub(super) consumer: &'a str,
    pub(super) event_id: Uuid,
    pub(super) aggregate_id: Uuid,
    pub(super) sequence: i64,
    pub(super) event_type: &'a str,
    pub(super) payload: &'a [u8],
    pub(super) traceparent: Option<&'a str>,
}

/// An event that is not delivered yet.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub(super) struct Pending {
    pub(super) position: i64,
    pub(super) event_id: Uuid,
    pub(super) aggregate_id: Uuid,
    pub(super) sequence: i64,
    pub(super) event_type: String,
    pub(super) payload: Vec<u8>,
    pub(super) traceparent: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    /// Position of the refused event of this aggregate, which may be this one, and its number of attempts.
    #[diesel(select_expression = (outbox_failures::position, outbox_failures::attempts).nullable())]
    failure: Option<(i64, i32)>,
}

impl Pending {
    #[cfg(test)]
    pub(super) fn new(position: i64, event_id: Uuid) -> Self {
        Self {
            position,
            event_id,
            aggregate_id: event_id,
            sequence: position,
            event_type: String::new(),
            payload: Vec::new(),
            traceparent: None,
            created_at: DateTime::UNIX_EPOCH,
            failure: None,
        }
    }

    /// Returns how often this event was not taken.
    pub(super) fn attempts(&self) -> i32 {
        self.failure.filter(|(position, _)| *position == self.position).map_or(0, |(_, attempts)| attempts)
    }
}

/// What happens next to an event that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    RetryIn(Duration),
    Park,
}

/// The undelivered events of a consumer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Backlog {
    pub(super) pending: i64,
    pub(super) oldest: Option<DateTime<Utc>>,
    pub(super) deferred: i64,
    pub(super) parked: i64,
}

pub(super) async fn insert(connection: &mut AsyncPgConnection, events: &[NewEvent<'_>]) -> QueryResult<()> {
    // A single event is the most frequent case, and its statement is prepared once. The others depend on the number of events.
    if let [event] = events {
        return diesel::insert_into(outbox::table).values(event).execute(connection).await.map(|_| ());
    }
    for part in events.chunks(INSERT_BATCH) {
        diesel::insert_into(outbox::table).values(part).execute(connection).await?;
    }
    Ok(())
}

/// Joins events with the refused event of their aggregate, if there is one.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_failure() -> _ {
    let aggregate = outbox_failures::aggregate_id.eq(outbox::aggregate_id);
    outbox::table.left_join(outbox_failures::table.on(outbox_failures::consumer.eq(outbox::consumer).and(aggregate)))
}

diesel::alias! {
    const EARLIER: Alias<Earlier> = outbox as earlier;
}

/// Returns whether an event of `consumer` can be sent now: no refused event of its aggregate blocks it, and the event before it has an
/// earlier position or is delivered. Positions of one aggregate can disagree with its sequence after its rows were moved to another node
/// of a distributed database.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_due(consumer: &str) -> _ {
    let free = outbox_failures::attempts.nullable().is_null();
    let before = outbox::position.nullable().lt(outbox_failures::position.nullable()).is_not_distinct_from(true);
    // False for a parked event, which has no such time.
    let again = outbox_failures::retry_at.le(now).is_not_distinct_from(true);
    let same =
        EARLIER.field(outbox::consumer).eq(outbox::consumer).and(EARLIER.field(outbox::aggregate_id).eq(outbox::aggregate_id));
    let earlier = EARLIER.filter(same.and(EARLIER.field(outbox::sequence).lt(outbox::sequence)));
    let previous = earlier.order(EARLIER.field(outbox::sequence).desc()).limit(1_i64);
    let position = previous.select(EARLIER.field(outbox::position)).single_value();
    let overtakes = position.gt(outbox::position.nullable()).is_not_distinct_from(true);
    outbox::consumer.eq(consumer).and(free.or(before).or(again)).and(not(overtakes))
}

/// Returns events of these aggregates that are due, those of each aggregate in order.
pub(super) async fn due(
    connection: &mut AsyncPgConnection,
    consumer: &str,
    aggregates: &[Uuid],
    count: i64,
) -> QueryResult<Vec<Pending>> {
    with_failure()
        .filter(is_due(consumer).and(outbox::aggregate_id.eq_any(aggregates)))
        .order(outbox::position)
        .limit(count)
        .select(Pending::as_select())
        .load(connection)
        .await
}

/// Returns events that are due and older than `grace`, the oldest first.
pub(super) async fn left_behind(
    connection: &mut AsyncPgConnection,
    consumer: &str,
    grace: Duration,
    count: i64,
) -> QueryResult<Vec<Pending>> {
    with_failure()
        .filter(
            is_due(consumer).and(outbox::created_at.lt(now.into_sql::<Timestamptz>() - interval(grace).into_sql::<Interval>())),
        )
        .order(outbox::position)
        .limit(count)
        .select(Pending::as_select())
        .load(connection)
        .await
}

/// Deletes delivered events.
pub(super) async fn delete(connection: &mut AsyncPgConnection, consumer: &str, positions: &[i64]) -> QueryResult<()> {
    let delivered = outbox::table.filter(outbox::consumer.eq(consumer)).filter(outbox::position.eq_any(positions));
    diesel::delete(delivered).execute(connection).await.map(|_| ())
}

/// Records that an event was not taken, which blocks its aggregate. A foreign key refuses this for an event that another replica has
/// delivered in the meantime.
pub(super) async fn record_failure(
    connection: &mut AsyncPgConnection,
    consumer: &str,
    event: &Pending,
    attempts: i32,
    said: &str,
    next: Next,
) -> QueryResult<()> {
    let (retry_in, parked_in) = match next {
        Next::RetryIn(delay) => (Some(interval(delay)), None),
        Next::Park => (None, Some(interval(Duration::ZERO))),
    };
    let time = |after: Option<PgInterval>| now.into_sql::<Nullable<Timestamptz>>() + after.into_sql::<Nullable<Interval>>();
    diesel::insert_into(outbox_failures::table)
        .values((
            outbox_failures::consumer.eq(consumer),
            outbox_failures::aggregate_id.eq(event.aggregate_id),
            outbox_failures::position.eq(event.position),
            outbox_failures::attempts.eq(attempts),
            outbox_failures::retry_at.eq(time(retry_in)),
            outbox_failures::parked_at.eq(time(parked_in)),
            outbox_failures::refusal.eq(said),
        ))
        .on_conflict((outbox_failures::consumer, outbox_failures::aggregate_id))
        .do_update()
        .set((
            outbox_failures::position.eq(excluded(outbox_failures::position)),
            outbox_failures::attempts.eq(excluded(outbox_failures::attempts)),
            outbox_failures::retry_at.eq(excluded(outbox_failures::retry_at)),
            outbox_failures::parked_at.eq(excluded(outbox_failures::parked_at)),
            outbox_failures::refusal.eq(excluded(outbox_failures::refusal)),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Takes or renews the lease, and returns whether `holder` has it.
pub(super) async fn lease(
    connection: &mut AsyncPgConnection,
    consumer: &str,
    holder: Uuid,
    length: Duration,
) -> QueryResult<bool> {
    use diesel::query_dsl::methods::FilterDsl as _;

    let expires_at = now.into_sql::<Timestamptz>() + interval(length).into_sql::<Interval>();
    let taken =
        diesel::insert_into(outbox_leases::table)
            .values((
                outbox_leases::consumer.eq(consumer),
                outbox_leases::holder.eq(holder),
                outbox_leases::expires_at.eq(expires_at),
            ))
            .on_conflict(outbox_leases::consumer)
            .do_update()
            .set((
                outbox_leases::holder.eq(excluded(outbox_leases::holder)),
                outbox_leases::expires_at.eq(excluded(outbox_leases::expires_at)),
            ))
            // The other lease has expired if it is older by a whole length.
            .filter(outbox_leases::holder.eq(holder).or(
                (outbox_leases::expires_at + interval(length).into_sql::<Interval>()).le(excluded(outbox_leases::expires_at)),
            ))
            .execute(connection)
            .await?;
    Ok(taken == 1)
}

pub(super) async fn release(connection: &mut AsyncPgConnection, consumer: &str, holder: Uuid) -> QueryResult<()> {
    let lease = outbox_leases::table.find(consumer).filter(outbox_leases::holder.eq(holder));
    diesel::delete(lease).execute(connection).await.map(|_| ())
}

pub(super) async fn backlog(connection: &mut AsyncPgConnection, consumer: &str) -> QueryResult<Backlog> {
    use diesel::dsl::{count, count_star, min};

    let own = outbox::table.filter(outbox::consumer.eq(consumer));
    let (pending, oldest) = own.select((count_star(), min(outbox::created_at))).first(connection).await?;
    let failures = outbox_failures::table.filter(outbox_failures::consumer.eq(consumer));
    let (failed, parked): (i64, i64) =
        failures.select((count_star(), count(outbox_failures::parked_at))).first(connection).await?;
    Ok(Backlog { pending, oldest, deferred: failed - parked, parked })
}

/// Deletes the events of these aggregates and types that are not delivered yet, and returns their aggregates and sequences.
pub(super) async fn withdraw(
    connection: &mut AsyncPgConnection,
    aggregates: &[Uuid],
    event_types: &[String],
) -> QueryResult<Vec<(Uuid, i64)>> {
    let events = outbox::table.filter(outbox::aggregate_id.eq_any(aggregates)).filter(outbox::event_type.eq_any(event_types));
    diesel::delete(events).returning((outbox::aggregate_id, outbox::sequence)).get_results(connection).await
}

/// Deletes the events of these aggregates that are not delivered yet.
pub(super) async fn forget(connection: &mut AsyncPgConnection, aggregates: &[Uuid]) -> QueryResult<()> {
    diesel::delete(outbox::table.filter(outbox::aggregate_id.eq_any(aggregates))).execute(connection).await.map(|_| ())
}
