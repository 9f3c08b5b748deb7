//! Rows of an export.

use diesel::QueryResult;
use diesel::result::Error::SerializationError;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// Rows of one table, each with its id.
pub type Rows = Vec<(Uuid, Value)>;

/// A page of a table.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The page has the rows with greater ids, in the order of their ids.
    pub after: Uuid,
    /// The most rows of the page.
    pub limit: i64,
}

/// Converts rows to JSON, each with the id that `id` returns.
pub fn to_rows<R: Serialize>(rows: Vec<R>, id: impl Fn(&R) -> Uuid) -> QueryResult<Rows> {
    let json = |row: &R| serde_json::to_value(row).map_err(|error| SerializationError(error.into()));
    rows.iter().map(|row| Ok((id(row), json(row)?))).collect()
}
