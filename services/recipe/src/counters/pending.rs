//! The changes that are not in the columns of a recipe yet, as an expression of its query.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt};

use crate::schema::user_recipes;

/// Returns the sums of the pending changes of the recipe in the query's row of `user_recipes`: one for each counter.
pub(crate) fn pending() -> Pending {
    Pending
}

/// See [`pending`].
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub(crate) struct Pending;

impl Expression for Pending {
    type SqlType = Array<BigInt>;
}

impl<Q> AppearsOnTable<Q> for Pending where user_recipes::id: AppearsOnTable<Q> {}
impl<Q> SelectableExpression<Q> for Pending where user_recipes::id: SelectableExpression<Q> {}

impl QueryFragment<Pg> for Pending {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "(SELECT ARRAY[
               coalesce(sum(change) FILTER (WHERE counter = 0), 0), coalesce(sum(change) FILTER (WHERE counter = 1), 0),
               coalesce(sum(change) FILTER (WHERE counter = 2), 0), coalesce(sum(change) FILTER (WHERE counter = 3), 0),
               coalesce(sum(change) FILTER (WHERE counter = 4), 0), coalesce(sum(change) FILTER (WHERE counter = 5), 0)]
             FROM recipe_counter_changes WHERE recipe_counter_changes.recipe_id = user_recipes.id)",
        );
        Ok(())
    }
}
