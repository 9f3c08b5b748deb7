//! The counters of recipes: reviews by their stars, and favourites.
//!
//! A write adds a row with its change, so that reviewers of one recipe never wait for each other. A worker adds the changes to the columns of
//! the recipe. Who reads a recipe adds the changes that are left, in the same statement, so the numbers are exact at any moment.

mod fold;
mod pending;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(crate) use fold::FoldWorker;
pub(crate) use pending::pending;

use crate::schema::recipe_counter_changes;

/// The number of counters: favourites, and one for each rating from 1 to 5.
pub(crate) const COUNTERS: usize = 6;
/// Rows of one statement, which has a limited number of values.
const ROWS: usize = 5_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    Favourites,
    /// Reviews with this rating.
    Rating(i32),
}

/// A change of a counter by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Up,
    Down,
}

impl Counter {
    fn number(self) -> i16 {
        match self {
            Self::Favourites => 0,
            Self::Rating(stars) => i16::try_from(stars).unwrap_or(i16::MAX),
        }
    }
}

/// Adds changes of the counters of recipes, whose rows must be locked against deletion.
pub(crate) async fn change(connection: &mut AsyncPgConnection, changes: &[(Uuid, Counter, Change)]) -> QueryResult<()> {
    for changes in changes.chunks(ROWS) {
        let row = |(recipe, counter, change): &(Uuid, Counter, Change)| {
            (
                recipe_counter_changes::id.eq(Uuid::now_v7()),
                recipe_counter_changes::recipe_id.eq(*recipe),
                recipe_counter_changes::counter.eq(counter.number()),
                recipe_counter_changes::change.eq(if *change == Change::Up { 1_i16 } else { -1 }),
            )
        };
        let rows: Vec<_> = changes.iter().map(row).collect();
        diesel::insert_into(recipe_counter_changes::table).values(rows).execute(connection).await?;
    }
    Ok(())
}
