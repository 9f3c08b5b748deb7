//! Rows of an export.

use diesel::QueryResult;
use diesel::result::Error::SerializationError;
use serde::Serialize;
use serde_json::{Map, Value};
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
    rows.iter().map(|row| Ok((id(row), json(row)?))).collect()
}

/// Converts a value to JSON.
#[doc(hidden)]
pub fn json(value: impl Serialize) -> QueryResult<Value> {
    serde_json::to_value(value).map_err(|error| SerializationError(error.into()))
}

/// Makes an object of its members.
#[doc(hidden)]
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>())
}

/// Reads columns of the rows of a table that fulfil a filter, in the order of an id: a page of an export. The columns are listed, so that a
/// new one is exported only after somebody has decided that it may be.
#[macro_export]
macro_rules! rows {
    ($connection:ident, $page:ident; $table:ident by $id:ident where $filter:expr; $($column:ident: $type:ty),+) => {{
        let rows: ::diesel::QueryResult<Vec<($crate::Id, ($($type,)+))>> = $table::table
            .filter($filter)
            .filter($table::$id.gt($page.after))
            .order($table::$id)
            .limit($page.limit)
            .select(($table::$id, ($($table::$column,)+)))
            .load($connection)
            .await;
        let row = |(id, ($($column,)+)): ($crate::Id, ($($type,)+))| Ok((id, $crate::object([$((stringify!($column), $crate::json($column)?)),+])));
        rows.and_then(|rows| rows.into_iter().map(row).collect::<::diesel::QueryResult<$crate::Rows>>())
    }};
}
