//! Queries of the inbox.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::inbox;

/// How far each of these aggregates is; nobody else applies events of them before the transaction ends.
pub(super) async fn lock(
    connection: &mut AsyncPgConnection,
    source: &str,
    aggregates: BTreeSet<Uuid>,
) -> QueryResult<HashMap<Uuid, i64>> {
    let reached = find(connection, source, &aggregates).await?;
    let new: Vec<_> = aggregates
        .iter()
        .filter(|aggregate| !reached.contains_key(aggregate))
        .map(|aggregate| (inbox::source.eq(source), inbox::aggregate_id.eq(aggregate), inbox::sequence.eq(0)))
        .collect();
    if new.is_empty() {
        return Ok(reached);
    }
    // What is not there cannot be locked; of two that tell of an aggregate for the first time, one waits here.
    diesel::insert_into(inbox::table).values(new).on_conflict_do_nothing().execute(connection).await?;
    find(connection, source, &aggregates).await
}

/// In one order, so that two who lock the same ones do not wait for each other.
async fn find(connection: &mut AsyncPgConnection, source: &str, aggregates: &BTreeSet<Uuid>) -> QueryResult<HashMap<Uuid, i64>> {
    let rows: Vec<(Uuid, i64)> = inbox::table
        .filter(inbox::source.eq(source))
        .filter(inbox::aggregate_id.eq_any(aggregates))
        .order(inbox::aggregate_id)
        .select((inbox::aggregate_id, inbox::sequence))
        .for_update()
        .load(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Remembers how far they are now.
pub(super) async fn reach(connection: &mut AsyncPgConnection, source: &str, reached: HashMap<Uuid, i64>) -> QueryResult<()> {
    let rows: Vec<_> = reached
        .into_iter()
        .map(|(aggregate, sequence)| (inbox::source.eq(source), inbox::aggregate_id.eq(aggregate), inbox::sequence.eq(sequence)))
        .collect();
    diesel::insert_into(inbox::table)
        .values(rows)
        .on_conflict((inbox::source, inbox::aggregate_id))
        .do_update()
        .set(inbox::sequence.eq(excluded(inbox::sequence)))
        .execute(connection)
        .await
        .map(|_| ())
}
