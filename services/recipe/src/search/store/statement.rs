//! Statements whose number of conditions depends on the request.
//!
//! A group of tokens comes from a subquery, so PostgreSQL does not know it when it plans, and takes it for rare: the index of tokens is used
//! for every word. A CTE that is MATERIALIZED is planned as if all its rows were read, but stops when enough are; a subquery with OFFSET 0
//! is planned so if its rows are sorted, and is not stored. A subquery with a LIMIT is a window: conditions outside of it cannot make it
//! read more. Its size is part of the text, so that PostgreSQL knows that it is small.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, SmallInt, Uuid as SqlUuid};
use uuid::Uuid;

use super::Brief;
use crate::search::filter::Conditions;

/// Before the first recipe of all.
pub(super) const FIRST: Brief = (i16::MAX, Uuid::max());
/// Behind the last.
pub(super) const LAST: Brief = (i16::MIN, Uuid::nil());

/// A statement of which each usual number of conditions is prepared by itself.
macro_rules! statement {
    ($name:ident -> ($($answer:ty),+)) => {
        impl QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl Query for $name {
            type SqlType = ($($answer,)+);
        }
    };
}

pub(super) use statement;

impl Conditions {
    /// The table that holds what the conditions are about.
    fn table(&self) -> &'static str {
        if self.is_of_names { "recipe_search_names" } else { "recipe_search" }
    }

    /// Writes the conditions on the row `s` of the index, each after an AND.
    pub(super) fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.is_usual() {
            out.unsafe_to_cache_prepared();
        }
        for group in &self.with {
            out.push_sql(" AND ");
            push_group(group, out)?;
        }
        for groups in self.without.iter().filter(|groups| !groups.is_empty()) {
            out.push_sql(" AND NOT (true");
            for group in groups {
                out.push_sql(" AND ");
                push_group(group, out)?;
            }
            out.push_sql(")");
        }
        if let Some(minutes) = &self.max_prep_time_minutes {
            out.push_sql(" AND s.prep_time_minutes <= ");
            out.push_bind_param::<Integer, _>(minutes)?;
        }
        Ok(())
    }
}

fn push_group<'b>(group: &'b Vec<i64>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("s.tokens && (SELECT ");
    out.push_bind_param::<Array<BigInt>, _>(group)?;
    out.push_sql("::bigint[])");
    Ok(())
}

/// Recipes whose names meet the conditions. The names alone are read if no other condition is left.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) conditions: Conditions,
    pub(super) after: Brief,
    pub(super) count: i64,
}

statement!(Names -> (SqlUuid, SmallInt));

impl QueryFragment<Pg> for Names {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT recipe_id, brevity FROM (SELECT s.recipe_id, s.brevity FROM ");
        out.push_sql(self.conditions.table());
        out.push_sql(" s WHERE true");
        self.conditions.push(&mut out)?;
        out.push_sql(" OFFSET 0) found WHERE (brevity, recipe_id) < (");
        push_brief(&self.after, &mut out)?;
        out.push_sql(") ORDER BY brevity DESC, recipe_id DESC LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.count)
    }
}

/// The same behind a position and up to another, with their tokens.
#[derive(Debug)]
pub(super) struct LooseNames {
    pub(super) conditions: Conditions,
    pub(super) from: Brief,
    pub(super) until: Brief,
    pub(super) count: i64,
}

statement!(LooseNames -> (SqlUuid, SmallInt, Array<BigInt>));

impl QueryFragment<Pg> for LooseNames {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT recipe_id, brevity, tokens FROM (SELECT s.recipe_id, s.brevity, s.tokens FROM ");
        out.push_sql(self.conditions.table());
        out.push_sql(" s WHERE true");
        self.conditions.push(&mut out)?;
        out.push_sql(" OFFSET 0) found WHERE (brevity, recipe_id) < (");
        push_brief(&self.from, &mut out)?;
        out.push_sql(") AND (brevity, recipe_id) >= (");
        push_brief(&self.until, &mut out)?;
        out.push_sql(") ORDER BY brevity DESC, recipe_id DESC LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.count)
    }
}

/// Recipes that meet the conditions, with their tokens.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) conditions: Conditions,
    pub(super) count: i64,
}

statement!(Candidates -> (SqlUuid, SmallInt, Array<BigInt>));

impl QueryFragment<Pg> for Candidates {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH found AS MATERIALIZED (SELECT s.recipe_id, s.brevity, s.tokens FROM recipe_search s WHERE true");
        self.conditions.push(&mut out)?;
        out.push_sql(") SELECT recipe_id, brevity, tokens FROM found LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.count)
    }
}

/// Recipes of a window that meet the conditions.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) conditions: Conditions,
    pub(super) after: Brief,
    pub(super) window: i64,
    pub(super) count: i64,
}

statement!(Scan -> (SqlUuid, SmallInt, Array<BigInt>));

impl QueryFragment<Pg> for Scan {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT s.recipe_id, s.brevity, s.tokens FROM (SELECT * FROM recipe_search WHERE (brevity, recipe_id) < (");
        push_brief(&self.after, &mut out)?;
        out.push_sql(") ORDER BY brevity DESC, recipe_id DESC LIMIT ");
        out.push_sql(&self.window.to_string());
        out.push_sql(") s WHERE true");
        self.conditions.push(&mut out)?;
        out.push_sql(" ORDER BY s.brevity DESC, s.recipe_id DESC LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.count)
    }
}

/// The last recipe of such a window.
#[derive(Debug)]
pub(super) struct ScanEnd {
    pub(super) after: Brief,
    pub(super) window: i64,
}

statement!(ScanEnd -> (SqlUuid, SmallInt));

impl QueryFragment<Pg> for ScanEnd {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT recipe_id, brevity FROM recipe_search WHERE (brevity, recipe_id) < (");
        push_brief(&self.after, &mut out)?;
        out.push_sql(") ORDER BY brevity DESC, recipe_id DESC LIMIT 1 OFFSET ");
        out.push_sql(&(self.window - 1).to_string());
        Ok(())
    }
}

fn push_brief<'b>((brevity, recipe): &'b Brief, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_bind_param::<SmallInt, _>(brevity)?;
    out.push_sql(", ");
    out.push_bind_param::<SqlUuid, _>(recipe)
}
