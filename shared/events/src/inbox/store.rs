//! Queries of the inbox, which records the last applied event of each aggregate.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::inbox;

/// Locks these aggregates until the transaction ends, and returns the sequence of the last applied event of each.
pub(super) async fn lock(
    connection: &mut AsyncPgConnection,
    source: &str,
    aggregates: BTreeSet<Uuid>,
) -> QueryResult<HashMap<Uuid, i64>> {
    let rows: Vec<_> = aggregates
        .iter()
        .map(|aggregate| (inbox::source.eq(source), inbox::aggregate_id.eq(aggregate), inbox::sequence.eq(0)))
        .collect();
    let (mut adding, mut locking) = (&*connection, &*connection);
    // A missing row cannot be locked, so rows are added first. Two transactions that deliver the first event of an aggregate meet here, and
    // one waits. All rows are added before any is locked, and both in the order of ids: a transaction that locked existing rows and then
    // waited for a row that another one adds could deadlock with it.
    let added = diesel::insert_into(inbox::table).values(rows).on_conflict_do_nothing().execute(&mut adding);
    let locked = inbox::table
        .filter(inbox::source.eq(source))
        .filter(inbox::aggregate_id.eq_any(&aggregates))
        .order(inbox::aggregate_id)
        .select((inbox::aggregate_id, inbox::sequence))
        .for_update()
        .load::<(Uuid, i64)>(&mut locking);
    // Both statements are sent at once. The second sees the rows of the first.
    let (_, sequences) = tokio::try_join!(added, locked)?;
    Ok(sequences.into_iter().collect())
}

/// Records the sequence of the last applied event of each aggregate.
pub(super) async fn advance(connection: &mut AsyncPgConnection, source: &str, sequences: HashMap<Uuid, i64>) -> QueryResult<()> {
    let rows: Vec<_> = sequences
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
