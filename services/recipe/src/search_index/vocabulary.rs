//! Queries of the words that misspelt and unfinished ones may stand for.

use std::collections::{BTreeMap, HashSet};

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::schema::search_words;
use crate::search_words::{Place, Token, reach};

/// The number of recipes from which a word has many, which are not counted.
const MANY: i64 = 1_000;

orchard_db::prepared! {
    /// How many recipes have one of the tokens, up to `most`. The tokens come from a subquery and the rows from a CTE, so that PostgreSQL reads
    /// the index of tokens for every word.
    struct Users { tokens: Vec<Token>, most: i64 } -> (Integer,) = "
        WITH found AS MATERIALIZED (
          SELECT s.recipe_id FROM recipe_search s WHERE s.tokens && (SELECT ", tokens as Array<BigInt>, "::bigint[])
        )
        SELECT count(*)::integer FROM (SELECT recipe_id FROM found LIMIT ", most as BigInt, ") few";
}

/// Records the words of recipes as used today. Words are written in their order, so that writers of the same ones never wait for each other
/// in a circle; and once a day, so that writers of a common one rarely wait at all.
pub(super) async fn learn(connection: &mut AsyncPgConnection, words: BTreeMap<&str, Token>, today: NaiveDate) -> QueryResult<()> {
    let all: Vec<&str> = words.keys().copied().collect();
    let known: Vec<String> = search_words::table
        .filter(search_words::word.eq_any(&all))
        .filter(search_words::used_on.ge(today))
        .select(search_words::word)
        .load(connection)
        .await?;
    let known: HashSet<&str> = known.iter().map(String::as_str).collect();
    let rows: Vec<_> = words
        .iter()
        .filter(|(word, _)| !known.contains(*word))
        .map(|(word, stem)| {
            let columns = (search_words::word.eq(*word), search_words::stem.eq(*stem));
            (columns, search_words::fragments.eq(reach(word)), search_words::used_on.eq(today))
        })
        .collect();
    for rows in rows.chunks(5_000) {
        diesel::insert_into(search_words::table)
            .values(rows)
            .on_conflict(search_words::word)
            .do_update()
            .set((
                search_words::stem.eq(excluded(search_words::stem)),
                search_words::fragments.eq(excluded(search_words::fragments)),
                search_words::used_on.eq(excluded(search_words::used_on)),
            ))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Counts the recipes of up to `count` words behind `after`, and deletes words that no recipe has any more. Returns the last word that was
/// looked at, or `None` if there is none left. Words that were used yesterday or today are kept: a recipe with one may be about to be
/// committed, by a transaction that began before midnight.
pub(super) async fn review(connection: &mut AsyncPgConnection, after: &str, count: i64) -> QueryResult<Option<String>> {
    let day = orchard_db::moment(connection).await?.date_naive() - Days::new(1);
    let looked_at: Vec<(String, Token, i32)> = search_words::table
        .filter(search_words::word.gt(after))
        .order(search_words::word)
        .limit(count)
        .select((search_words::word, search_words::stem, search_words::recipes))
        .load(connection)
        .await?;
    let mut unused = Vec::new();
    for (word, stem, known) in &looked_at {
        let places: Vec<Token> = Place::ALL.iter().map(|place| place.token(*stem)).collect();
        let (recipes,): (i32,) = Users { tokens: places, most: MANY }.get_result(connection).await?;
        if recipes == 0 {
            unused.push(word.as_str());
        } else if recipes != *known {
            let counted = search_words::recipes.eq(recipes);
            diesel::update(search_words::table.find(word)).set(counted).execute(connection).await?;
        }
    }
    let old = search_words::table.filter(search_words::word.eq_any(&unused)).filter(search_words::used_on.lt(day));
    diesel::delete(old).execute(connection).await?;
    Ok(looked_at.into_iter().last().map(|(word, ..)| word))
}
