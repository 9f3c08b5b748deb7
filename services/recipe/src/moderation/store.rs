//! Queries of the recipes that are moderated.

pub(super) mod decisions;
pub(super) mod reports;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::schema::user_recipes;

/// What moderation needs of a recipe that it has locked.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = user_recipes)]
pub(super) struct Case {
    pub(super) user_id: Uuid,
    is_public: bool,
    pub(super) hidden_at: Option<DateTime<Utc>>,
    pub(super) featured_at: Option<DateTime<Utc>>,
    pub(super) open_reports: i32,
    pub(super) reported_at: Option<DateTime<Utc>>,
}

impl Case {
    /// Returns whether everyone sees the recipe.
    pub(super) fn is_seen_by_all(&self) -> bool {
        self.is_public && self.hidden_at.is_none()
    }

    /// Returns whether moderators know of the recipe.
    pub(super) fn is_known(&self) -> bool {
        self.is_public || self.hidden_at.is_some() || self.open_reports > 0
    }
}

/// Locks a recipe.
pub(super) async fn lock(connection: &mut AsyncPgConnection, recipe: Uuid) -> QueryResult<Option<Case>> {
    let found = user_recipes::table.find(recipe).select(Case::as_select()).for_no_key_update();
    found.first(connection).await.optional()
}

/// Hides a locked recipe, or shows it again. A hidden recipe is not featured.
pub(super) async fn set_hidden(connection: &mut AsyncPgConnection, recipe: Uuid, is_hidden: bool) -> QueryResult<()> {
    let row = user_recipes::table.find(recipe);
    if is_hidden {
        let hidden = (
            user_recipes::hidden_at.eq(now),
            user_recipes::featured_at.eq(None::<DateTime<Utc>>),
            user_recipes::updated_at.eq(now),
        );
        diesel::update(row).set(hidden).execute(connection).await.map(|_| ())
    } else {
        let shown = (user_recipes::hidden_at.eq(None::<DateTime<Utc>>), user_recipes::updated_at.eq(now));
        diesel::update(row).set(shown).execute(connection).await.map(|_| ())
    }
}

/// Returns whether moderators may read a recipe that others perhaps may not: it has open reports, or is hidden.
pub(super) async fn is_case(mut connection: &AsyncPgConnection, recipe: Uuid) -> QueryResult<bool> {
    let is_case = user_recipes::reported_at.is_not_null().or(user_recipes::hidden_at.is_not_null());
    let found = user_recipes::table.find(recipe).filter(is_case).select(user_recipes::id);
    Ok(found.first::<Uuid>(&mut connection).await.optional()?.is_some())
}
