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
        if deleted + pseudonymised > 0 {
            self.0.push(TableCount { table: table.into(), deleted, pseudonymised });
        }
    }

    /// Returns the numbers of each table, in the order of the erasure.
    pub fn counts(&self) -> &[TableCount] {
        &self.0
    }
}

/// Claims a request, and returns its receipt if it was claimed before. Waits while another transaction holds the claim.
pub(crate) async fn claim(connection: &mut AsyncPgConnection, request: Uuid) -> QueryResult<Option<Receipt>> {
    let row = (erasure_receipts::request_id.eq(request), erasure_receipts::table_counts.eq(json(Receipt::default())?));
    let claimed = diesel::insert_into(erasure_receipts::table).values(row).on_conflict_do_nothing().execute(connection).await?;
    if claimed > 0 {
        return Ok(None);
    }
    let counts: Value = erasure_receipts::table.find(request).select(erasure_receipts::table_counts).first(connection).await?;
    let receipt = serde_json::from_value(counts).map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    Ok(Some(receipt))
}

/// Keeps the receipt of a request, which this transaction has claimed.
pub(crate) async fn keep(connection: &mut AsyncPgConnection, request: Uuid, receipt: &Receipt) -> QueryResult<()> {
    diesel::update(erasure_receipts::table.find(request))
        .set(erasure_receipts::table_counts.eq(json(receipt)?))
        .execute(connection)
        .await
        .map(drop)
}
