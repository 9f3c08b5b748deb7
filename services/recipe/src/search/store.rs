//! Queries of search.

mod ordered;
mod statement;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::future::try_join;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filter::{Conditions, Filter};
use super::query::{Known, Query};
use crate::schema::search_words;
use crate::search_words::Token;
use ordered::{KeyRow, ListEnd, Listed, Recipes};
use statement::{Candidates, FIRST, LAST, LooseNames, Names, Scan, ScanEnd};

/// Words of which any may begin with what is asked for.
const COMPLETIONS: i64 = 24;

/// The position of a recipe among those whose names are equally brief: the brevity, and the id.
pub(super) type Brief = (i16, Uuid);

/// A recipe that may be found, with its tokens.
#[derive(Debug, Queryable)]
pub(super) struct Candidate {
    pub(super) recipe: Uuid,
    pub(super) brevity: i16,
    pub(super) tokens: Vec<Token>,
}

impl Candidate {
    /// Returns its position among those whose names are equally brief.
    pub(super) fn brief(&self) -> Brief {
        (self.brevity, self.recipe)
    }
}

/// By what recipes are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum SortKey {
    Moment(DateTime<Utc>),
    Rating(i64),
}

/// The position of a recipe in a sorted list: the key, and the id. The greatest comes first.
pub(super) type Sorted = (SortKey, Uuid);

/// An order that does not depend on the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Newest,
    Rating,
    Featured,
}

orchard_db::prepared! {
    /// Words that begin with one of the prefixes: those of the most recipes, and among equals the shortest. The prefixes come from a
    /// subquery, so that PostgreSQL plans once and not for each list.
    struct Completions { prefixes: Vec<String>, count: i64 } -> (Text, BigInt) = "
        SELECT w.word, w.stem FROM unnest((SELECT ", prefixes as Array<Text>, "::text[])) AS p (prefix)
        CROSS JOIN LATERAL (
          SELECT word, stem FROM search_words WHERE word >= p.prefix AND word < p.prefix || U&'\\+10FFFF'
          ORDER BY recipes DESC, length(word), word LIMIT ", count as BigInt, "
        ) w";
}

orchard_db::prepared! {
    /// Words that have one of the fragments, those of the most recipes. They come from a subquery, so that PostgreSQL takes them for rare.
    struct Corrections { fragments: Vec<Token> } -> (Text, BigInt) = "
        SELECT w.word, w.stem FROM (
          SELECT word, stem, recipes FROM search_words WHERE fragments && (SELECT ", fragments as Array<BigInt>, "::bigint[]) LIMIT 20000
        ) w ORDER BY w.recipes DESC, w.word LIMIT 2000";
}

/// Completes the words of a query, and returns which of their stems are known.
pub(super) async fn complete(mut connection: &AsyncPgConnection, query: &mut Query) -> QueryResult<Vec<Token>> {
    let prefixes = query.prefixes().into_iter().map(str::to_owned).collect();
    let mut other = connection;
    let completions = Completions { prefixes, count: COMPLETIONS };
    let begun = completions.load::<(String, Token)>(&mut connection);
    let stems = query.stems();
    let known = search_words::table.filter(search_words::stem.eq_any(&stems)).select(search_words::stem).distinct();
    let (begun, known) = try_join(begun, known.load::<Token>(&mut other)).await?;
    query.complete(&begun.into_iter().map(|(word, stem)| Known { word, stem }).collect::<Vec<_>>());
    Ok(known)
}

/// Corrects the words of a query that are not known, or all if `all`.
pub(super) async fn correct(
    mut connection: &AsyncPgConnection,
    query: &mut Query,
    known: &[Token],
    all: bool,
) -> QueryResult<()> {
    let fragments = query.fragments(known, all);
    if fragments.is_empty() {
        return Ok(());
    }
    let near: Vec<(String, Token)> = Corrections { fragments }.load(&mut connection).await?;
    let near: Vec<Known> = near.into_iter().map(|(word, stem)| Known { word, stem }).collect();
    query.correct(&near, known, all);
    Ok(())
}

/// Returns recipes whose names meet the conditions, in the order of their brevity.
pub(super) async fn names(
    mut connection: &AsyncPgConnection,
    conditions: Conditions,
    after: Option<Brief>,
    count: i64,
) -> QueryResult<Vec<Brief>> {
    let rows: Vec<(Uuid, i16)> = Names { conditions, after: after.unwrap_or(FIRST), count }.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(recipe, brevity)| (brevity, recipe)).collect())
}

/// Returns up to `count` of the same, with the tokens of their names, behind the first position and up to the last.
pub(super) async fn loose_names(
    mut connection: &AsyncPgConnection,
    conditions: Conditions,
    (from, until): (Option<Brief>, Option<Brief>),
    count: usize,
) -> QueryResult<Vec<Candidate>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let (from, until) = (from.unwrap_or(FIRST), until.unwrap_or(LAST));
    LooseNames { conditions, from, until, count }.load(&mut connection).await
}

/// Returns up to `count` recipes that meet the conditions, in no order.
pub(super) async fn candidates(
    mut connection: &AsyncPgConnection,
    conditions: Conditions,
    count: i64,
) -> QueryResult<Vec<Candidate>> {
    Candidates { conditions, count }.load(&mut connection).await
}

/// Looks at `window` recipes in the order of their brevity, and returns up to `count` that meet the conditions.
pub(super) async fn scan(
    mut connection: &AsyncPgConnection,
    conditions: Conditions,
    after: Option<Brief>,
    (window, count): (i64, i64),
) -> QueryResult<Vec<Candidate>> {
    Scan { conditions, after: after.unwrap_or(FIRST), window, count }.load(&mut connection).await
}

/// Returns the last recipe of the window that [`scan`] looks at; `None` if it has all that are left.
pub(super) async fn scan_end(
    mut connection: &AsyncPgConnection,
    after: Option<Brief>,
    window: i64,
) -> QueryResult<Option<Brief>> {
    let last: Option<(Uuid, i16)> =
        ScanEnd { after: after.unwrap_or(FIRST), window }.get_result(&mut connection).await.optional()?;
    Ok(last.map(|(recipe, brevity)| (brevity, recipe)))
}

/// Returns those of these recipes that everyone may see and that meet the filter, with their sort keys, in no order.
pub(super) async fn sort_keys(
    mut connection: &AsyncPgConnection,
    order: Order,
    filter: &Filter,
    recipes: Vec<Uuid>,
) -> QueryResult<Vec<Sorted>> {
    let rows: Vec<KeyRow> = Recipes { order, filter: filter.into(), recipes }.load(&mut connection).await?;
    Ok(rows.into_iter().filter_map(|row| row.position(order)).collect())
}

/// Looks at `window` recipes in an order, and returns up to `count` that everyone may see and that meet filter and conditions.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    (order, filter): (Order, &Filter),
    conditions: Conditions,
    after: Option<Sorted>,
    (window, count): (i64, i64),
) -> QueryResult<Vec<Sorted>> {
    let list = Listed { order, filter: filter.into(), conditions, after, window, count };
    let rows: Vec<KeyRow> = list.load(&mut connection).await?;
    Ok(rows.into_iter().filter_map(|row| row.position(order)).collect())
}

/// Returns the last recipe of the window that [`list`] looks at; `None` if it has all that are left.
pub(super) async fn list_end(
    mut connection: &AsyncPgConnection,
    order: Order,
    after: Option<Sorted>,
    window: i64,
) -> QueryResult<Option<Sorted>> {
    let last: Option<KeyRow> = ListEnd { order, after, window }.get_result(&mut connection).await.optional()?;
    Ok(last.and_then(|row| row.position(order)))
}
