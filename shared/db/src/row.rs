//! Comparison of rows, for lists that are read in pages.

use diesel::expression::{AsExpression, Expression};
use diesel::sql_types::Record;

/// The type of [`row`].
pub type Row<A, B> = <(A, B) as AsExpression<RowType<A, B>>>::Expression;
type RowType<A, B> = Record<(<A as Expression>::SqlType, <B as Expression>::SqlType)>;

/// Returns two columns as one value, which compares by the first column and then by the second.
///
/// The rows after a page that ended at `(time, id)`, latest first, are those with `row(created_at, id).lt((time, id))`. An index
/// that begins with `created_at` finds them.
///
/// ```
/// # use diesel::prelude::*;
/// # use orchard_db::row;
/// # diesel::table! {
/// #     entries (id) {
/// #         id -> Integer,
/// #         page -> Integer,
/// #     }
/// # }
/// let rest = entries::table.filter(row(entries::page, entries::id).lt((7, 3))).select(entries::id);
/// let sql = diesel::debug_query::<diesel::pg::Pg, _>(&rest).to_string();
/// assert!(sql.contains(r#"ROW("entries"."page", "entries"."id") < ROW($1, $2)"#), "{sql}");
/// ```
pub fn row<A, B>(first: A, second: B) -> Row<A, B>
where
    A: Expression,
    B: Expression,
    A::SqlType: 'static,
    B::SqlType: 'static,
    (A, B): AsExpression<RowType<A, B>>,
{
    AsExpression::<RowType<A, B>>::as_expression((first, second))
}
