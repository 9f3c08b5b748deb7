//! The worker that adds changes to the counters of recipes, in batches.

use std::collections::BTreeMap;
use std::convert::Infallible;

use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::{Connection, Db, Folded, fold_forever};
use uuid::Uuid;

use super::COUNTERS;
use crate::error::Error;
use crate::schema::{recipe_counter_changes, user_recipes};

/// Recipes whose changes are folded at once.
const BATCH: usize = 200;

/// Folds changes. Any number of replicas may run: each takes recipes that no other one has.
#[derive(Debug)]
pub(crate) struct FoldWorker {
    db: Db,
}

impl FoldWorker {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Folds forever.
    pub(crate) async fn run(&self) -> Infallible {
        fold_forever(&self.db, "recipe_counter_changes", || self.fold()).await
    }

    async fn fold(&self) -> Result<Folded, Error> {
        self.db.write("fold counters", async move |connection| fold(connection).await).await
    }
}

/// Folds the changes of some recipes.
///
/// All changes of a recipe that are committed are folded at once, under a lock of its row. So no counter is ever below 0, which it could be
/// if a decrement were folded before the increment that came first.
async fn fold(connection: &mut Connection) -> Result<Folded, Error> {
    let changed: Vec<Uuid> = recipe_counter_changes::table
        .select(recipe_counter_changes::recipe_id)
        .distinct()
        .limit(BATCH as i64)
        .load(connection)
        .await?;
    if changed.is_empty() {
        return Ok(Folded { changes: 0, is_full: false });
    }
    let locked: Vec<Uuid> = user_recipes::table
        .filter(user_recipes::id.eq_any(&changed))
        .order(user_recipes::id)
        .select(user_recipes::id)
        .for_no_key_update()
        .skip_locked()
        .load(connection)
        .await?;
    let taken: Vec<(Uuid, i16, i16)> =
        diesel::delete(recipe_counter_changes::table.filter(recipe_counter_changes::recipe_id.eq_any(&locked)))
            .returning((recipe_counter_changes::recipe_id, recipe_counter_changes::counter, recipe_counter_changes::change))
            .get_results(connection)
            .await?;
    for (recipe, sums) in sums(&taken) {
        add(connection, recipe, sums).await?;
    }
    Ok(Folded { changes: taken.len(), is_full: changed.len() == BATCH })
}

fn sums(changes: &[(Uuid, i16, i16)]) -> BTreeMap<Uuid, [i32; COUNTERS]> {
    let mut sums: BTreeMap<Uuid, [i32; COUNTERS]> = BTreeMap::new();
    for (recipe, counter, change) in changes {
        let of_recipe = sums.entry(*recipe).or_default();
        if let Some(sum) = usize::try_from(*counter).ok().and_then(|counter| of_recipe.get_mut(counter)) {
            *sum += i32::from(*change);
        }
    }
    sums
}

async fn add(
    connection: &mut AsyncPgConnection,
    recipe: Uuid,
    [favourites, one, two, three, four, five]: [i32; COUNTERS],
) -> QueryResult<()> {
    diesel::update(user_recipes::table.find(recipe))
        .set((
            user_recipes::favourite_count.eq(user_recipes::favourite_count + favourites),
            user_recipes::ratings_1.eq(user_recipes::ratings_1 + one),
            user_recipes::ratings_2.eq(user_recipes::ratings_2 + two),
            user_recipes::ratings_3.eq(user_recipes::ratings_3 + three),
            user_recipes::ratings_4.eq(user_recipes::ratings_4 + four),
            user_recipes::ratings_5.eq(user_recipes::ratings_5 + five),
            user_recipes::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_summed_by_recipe_and_counter() {
        let [one, other] = [1, 2].map(Uuid::from_u128);
        let changes = [(one, 5, 1), (other, 0, 1), (one, 5, -1), (one, 2, 1), (one, 2, 1)];
        assert_eq!(sums(&changes), BTreeMap::from([(one, [0, 0, 2, 0, 0, 0]), (other, [1, 0, 0, 0, 0, 0])]));
    }
}
