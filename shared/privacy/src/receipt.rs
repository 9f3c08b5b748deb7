//! The result of an erasure.

use std::borrow::Cow;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::export::json;
use crate::schema::erasure_receipts;

/// The number of rows that an erasure changed, by table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt(Vec<TableCount>);

/// The number of rows of a table that an erasure changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCount {
    /// The table.
    pub table: Cow<'static, str>,
    /// Rows that are gone.
    pub deleted: usize,
    /// Rows that now refer to a pseudonym.
    pub pseudonymised: usize,
}

impl Receipt {
    /// Adds the numbers of deleted and pseudonymised rows of a table, unless both are zero.
    pub fn add(&mut self, table: impl Into<Cow<'static, str>>, deleted: usize, pseudonymised: usize) {
        if deleted + pseudonymised == 0 {
            return;
        }
        let table = table.into();
        match self.0.iter_mut().find(|count| count.table == table) {
            Some(count) => {
                count.deleted += deleted;
                count.pseudonymised += pseudonymised;
            }
            None => self.0.push(TableCount { table, deleted, pseudonymised }),
        }
    }

    /// Adds all numbers of another receipt.
    pub(crate) fn add_all(&mut self, other: Self) {
        for TableCount { table, deleted, pseudonymised } in other.0 {
            self.add(table, deleted, pseudonymised);
        }
    }

    /// Returns the numbers of each table, in the order of the erasure.
    pub fn counts(&self) -> &[TableCount] {
        &self.0
    }
}

/// What a request has erased so far.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) receipt: Receipt,
    pub(crate) is_done: bool,
}

/// Claims a request, and returns what it has erased so far. Waits while another transaction holds the claim.
pub(crate) async fn claim(connection: &mut AsyncPgConnection, request: Uuid) -> QueryResult<Kept> {
    let row = (erasure_receipts::request_id.eq(request), erasure_receipts::table_counts.eq(json(Receipt::default())?));
    diesel::insert_into(erasure_receipts::table).values(row).on_conflict_do_nothing().execute(connection).await?;
    let columns = (erasure_receipts::table_counts, erasure_receipts::is_done);
    let kept = erasure_receipts::table.find(request).select(columns).for_update();
    let (counts, is_done): (Value, bool) = kept.first(connection).await?;
    let receipt = serde_json::from_value(counts).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    Ok(Kept { receipt, is_done })
}

/// Keeps what a request, which this transaction has claimed, has erased so far.
pub(crate) async fn keep(connection: &mut AsyncPgConnection, request: Uuid, kept: &Kept) -> QueryResult<()> {
    let columns = (erasure_receipts::table_counts.eq(json(&kept.receipt)?), erasure_receipts::is_done.eq(kept.is_done));
    diesel::update(erasure_receipts::table.find(request)).set(columns).execute(connection).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_counted_once() {
        let mut receipt = Receipt::default();
        receipt.add("a", 1, 0);
        receipt.add("b", 0, 0);
        let mut rest = Receipt::default();
        rest.add("c", 1, 1);
        rest.add("a", 2, 3);
        receipt.add_all(rest);
        let counts: Vec<_> = receipt.counts().iter().map(|count| (&*count.table, count.deleted, count.pseudonymised)).collect();
        assert_eq!(counts, [("a", 3, 3), ("c", 1, 1)]);
    }
}
