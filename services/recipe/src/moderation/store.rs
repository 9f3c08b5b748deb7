//! Queries of the recipes that are moderated.

pub(super) mod decisions;
pub(super) mod reports;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use super::{Position, ReportedRecipe};
use crate::recipe::{Summary, store as recipes};
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

/// Features a locked recipe, or ends that it is featured.
pub(super) async fn set_featured(connection: &mut AsyncPgConnection, recipe: Uuid, is_featured: bool) -> QueryResult<()> {
    let row = user_recipes::table.find(recipe);
    if is_featured {
        let featured = (user_recipes::featured_at.eq(now), user_recipes::updated_at.eq(now));
        diesel::update(row).set(featured).execute(connection).await.map(|_| ())
    } else {
        let plain = (user_recipes::featured_at.eq(None::<DateTime<Utc>>), user_recipes::updated_at.eq(now));
        diesel::update(row).set(plain).execute(connection).await.map(|_| ())
    }
}

/// Lists the recipes with open reports, those first whose oldest report has waited longest.
pub(super) async fn queue(mut connection: &AsyncPgConnection, page: &PageRequest<Position>) -> QueryResult<Vec<ReportedRecipe>> {
    let mut reported = user_recipes::table.filter(user_recipes::reported_at.is_not_null()).into_boxed();
    if let Some(after) = page.after {
        reported = reported.filter(row(user_recipes::reported_at.assume_not_null(), user_recipes::id).gt(after));
    }
    let rows: Vec<(Uuid, i32, DateTime<Utc>)> = reported
        .order((user_recipes::reported_at, user_recipes::id))
        .limit(page.fetch())
        .select((user_recipes::id, user_recipes::open_reports, user_recipes::reported_at.assume_not_null()))
        .load(&mut connection)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, ..)| *id).collect();
    let summaries = recipes::all_summaries(connection, &ids).await?;
    let mut summaries: HashMap<Uuid, Summary> = summaries.into_iter().map(|summary| (summary.facts.id, summary)).collect();
    // A recipe that was deleted in the meantime is left out.
    let reported = |(id, open_reports, reported_at)| {
        summaries.remove(&id).map(|recipe| ReportedRecipe { recipe, open_reports, reported_at })
    };
    Ok(rows.into_iter().filter_map(reported).collect())
}

/// Returns whether moderators may read a recipe that others perhaps may not: it has open reports, or is hidden.
pub(super) async fn is_case(mut connection: &AsyncPgConnection, recipe: Uuid) -> QueryResult<bool> {
    let is_case = user_recipes::reported_at.is_not_null().or(user_recipes::hidden_at.is_not_null());
    let found = user_recipes::table.find(recipe).filter(is_case).select(user_recipes::id);
    Ok(found.first::<Uuid>(&mut connection).await.optional()?.is_some())
}
