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
    let rows: Vec<_> = aggregates
        .iter()
        .map(|aggregate| (inbox::source.eq(source), inbox::aggregate_id.eq(aggregate), inbox::sequence.eq(0)))
        .collect();
    let (mut adding, mut locking) = (&*connection, &*connection);
    // What is not there cannot be locked; of two that tell of an aggregate for the first time, one waits here. All are added before any is
    // locked, and each in one order: who had locked those that were there, and then waited for one that another adds, would be waited for.
    let added = diesel::insert_into(inbox::table).values(rows).on_conflict_do_nothing().execute(&mut adding);
    let locked = inbox::table
        .filter(inbox::source.eq(source))
        .filter(inbox::aggregate_id.eq_any(&aggregates))
        .order(inbox::aggregate_id)
        .select((inbox::aggregate_id, inbox::sequence))
        .for_update()
        .load::<(Uuid, i64)>(&mut locking);
    // Both are sent at once, and the second sees what the first has left.
    let (_, reached) = tokio::try_join!(added, locked)?;
    Ok(reached.into_iter().collect())
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
