//! Statements about recipes in an order that does not depend on a text.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::statement::statement;
use super::{Order, SortKey, Sorted};
use crate::search::filter::{Conditions, Filter};

/// The keys of all orders.
#[derive(Debug, Queryable)]
pub(super) struct KeyRow {
    recipe: Uuid,
    created_at: DateTime<Utc>,
    featured_at: Option<DateTime<Utc>>,
    rating: i64,
}

impl KeyRow {
    /// Returns the position in an order that has the recipe.
    pub(super) fn position(&self, order: Order) -> Option<Sorted> {
        let key = match order {
            Order::Newest => SortKey::Moment(self.created_at),
            Order::Featured => SortKey::Moment(self.featured_at?),
            Order::Rating => SortKey::Rating(self.rating),
        };
        Some((key, self.recipe))
    }
}

/// As in the index `user_recipes_rating_idx`.
const RATING: &str = "((ratings_1 + 2 * ratings_2 + 3 * ratings_3 + 4 * ratings_4 + 5 * ratings_5 + 28)::bigint * 1000000
  / (ratings_1 + ratings_2 + ratings_3 + ratings_4 + ratings_5 + 8))";

impl Order {
    fn expression(self) -> &'static str {
        match self {
            Self::Newest => "created_at",
            Self::Featured => "featured_at",
            Self::Rating => RATING,
        }
    }

    /// Writes the recipes of an order behind a position.
    fn push<'b>(self, columns: &str, after: Option<&'b Sorted>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT id, created_at, featured_at, ");
        out.push_sql(RATING);
        out.push_sql(" AS rating");
        out.push_sql(columns);
        out.push_sql(" FROM user_recipes WHERE is_public AND hidden_at IS NULL");
        if self == Self::Featured {
            out.push_sql(" AND featured_at IS NOT NULL");
        }
        if let Some((key, recipe)) = after {
            out.push_sql(" AND (");
            out.push_sql(self.expression());
            out.push_sql(", id) < (");
            match key {
                SortKey::Moment(moment) => out.push_bind_param::<Timestamptz, _>(moment)?,
                SortKey::Rating(rating) => out.push_bind_param::<BigInt, _>(rating)?,
            }
            out.push_sql(", ");
            out.push_bind_param::<SqlUuid, _>(recipe)?;
            out.push_sql(")");
        }
        out.push_sql(" ORDER BY ");
        out.push_sql(self.expression());
        out.push_sql(" DESC, id DESC");
        Ok(())
    }
}

/// What the index cannot say of a recipe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extra {
    min_rating: Option<i32>,
    featured_only: bool,
}

impl From<&Filter> for Extra {
    fn from(filter: &Filter) -> Self {
        Self { min_rating: filter.min_rating, featured_only: filter.featured_only }
    }
}

/// The columns that [`Extra`] needs.
const EXTRA: &str = ", ratings_1 + 2 * ratings_2 + 3 * ratings_3 + 4 * ratings_4 + 5 * ratings_5 AS stars,
  ratings_1 + ratings_2 + ratings_3 + ratings_4 + ratings_5 AS reviews";

impl Extra {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.featured_only {
            out.push_sql(" AND r.featured_at IS NOT NULL");
        }
        if let Some(tenths) = &self.min_rating {
            out.push_sql(" AND r.reviews > 0 AND r.stars * 10 >= r.reviews * ");
            out.push_bind_param::<Integer, _>(tenths)?;
        }
        Ok(())
    }
}

/// Those of some recipes that everyone may see and that are in an order.
#[derive(Debug)]
pub(super) struct Recipes {
    pub(super) order: Order,
    pub(super) filter: Extra,
    pub(super) recipes: Vec<Uuid>,
}

statement!(Recipes -> (SqlUuid, Timestamptz, Nullable<Timestamptz>, BigInt));

impl QueryFragment<Pg> for Recipes {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT r.id, r.created_at, r.featured_at, r.rating FROM (SELECT id, created_at, featured_at, ");
        out.push_sql(RATING);
        out.push_sql(" AS rating");
        out.push_sql(EXTRA);
        out.push_sql(" FROM user_recipes WHERE is_public AND hidden_at IS NULL AND id = ANY (");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.recipes)?;
        out.push_sql(")) r WHERE true");
        if self.order == Order::Featured {
            out.push_sql(" AND r.featured_at IS NOT NULL");
        }
        self.filter.push(&mut out)
    }
}

/// Recipes of a window of an order that meet conditions.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) order: Order,
    pub(super) filter: Extra,
    pub(super) conditions: Conditions,
    pub(super) after: Option<Sorted>,
    pub(super) window: i64,
    pub(super) count: i64,
}

statement!(Listed -> (SqlUuid, Timestamptz, Nullable<Timestamptz>, BigInt));

impl QueryFragment<Pg> for Listed {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT r.id, r.created_at, r.featured_at, r.rating FROM (");
        self.order.push(EXTRA, self.after.as_ref(), &mut out)?;
        out.push_sql(" LIMIT ");
        out.push_sql(&self.window.to_string());
        out.push_sql(") r");
        if !self.conditions.is_empty() {
            out.push_sql(" CROSS JOIN LATERAL (SELECT FROM recipe_search s WHERE s.recipe_id = r.id");
            self.conditions.push(&mut out)?;
            out.push_sql(" OFFSET 0) s");
        }
        out.push_sql(" WHERE true");
        self.filter.push(&mut out)?;
        out.push_sql(" ORDER BY r.");
        out.push_sql(if self.order == Order::Rating { "rating" } else { self.order.expression() });
        out.push_sql(" DESC, r.id DESC LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.count)
    }
}

/// The last recipe of such a window.
#[derive(Debug)]
pub(super) struct ListEnd {
    pub(super) order: Order,
    pub(super) after: Option<Sorted>,
    pub(super) window: i64,
}

statement!(ListEnd -> (SqlUuid, Timestamptz, Nullable<Timestamptz>, BigInt));

impl QueryFragment<Pg> for ListEnd {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.order.push("", self.after.as_ref(), &mut out)?;
        out.push_sql(" LIMIT 1 OFFSET ");
        out.push_sql(&(self.window - 1).to_string());
        Ok(())
    }
}
