//! Queries of reports.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use crate::moderation::{Complaint, Position, Report, ReportReason};
use crate::schema::{recipe_reports, user_recipes};

orchard_db::text_column!(ReportReason);

/// Inserts a report, and returns whether it was the user's first about the recipe.
pub(in crate::moderation) async fn insert(
    connection: &mut AsyncPgConnection,
    recipe: Uuid,
    reporter: Uuid,
    complaint: &Complaint,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(recipe_reports::table)
        .values((
            recipe_reports::id.eq(Uuid::now_v7()),
            recipe_reports::recipe_id.eq(recipe),
            recipe_reports::reporter_id.eq(reporter),
            recipe_reports::reason.eq(complaint.reason),
            recipe_reports::note.eq(&complaint.note),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted > 0)
}

/// Returns what a user has said about a recipe.
pub(in crate::moderation) async fn complaint(
    connection: &mut AsyncPgConnection,
    recipe: Uuid,
    reporter: Uuid,
) -> QueryResult<Complaint> {
    let (reason, note) = recipe_reports::table
        .filter(recipe_reports::recipe_id.eq(recipe))
        .filter(recipe_reports::reporter_id.eq(reporter))
        .select((recipe_reports::reason, recipe_reports::note))
        .first(connection)
        .await?;
    Ok(Complaint { reason, note })
}

/// Counts one more open report of a locked recipe.
pub(in crate::moderation) async fn count(connection: &mut AsyncPgConnection, recipe: Uuid, is_first: bool) -> QueryResult<()> {
    let open = (user_recipes::open_reports.eq(user_recipes::open_reports + 1), user_recipes::updated_at.eq(now));
    let row = user_recipes::table.find(recipe);
    if is_first {
        diesel::update(row).set((open, user_recipes::reported_at.eq(now))).execute(connection).await.map(|_| ())
    } else {
        diesel::update(row).set(open).execute(connection).await.map(|_| ())
    }
}

/// Closes the open reports of a locked recipe.
pub(in crate::moderation) async fn close(connection: &mut AsyncPgConnection, recipe: Uuid) -> QueryResult<()> {
    let open = recipe_reports::table.filter(recipe_reports::recipe_id.eq(recipe)).filter(recipe_reports::closed_at.is_null());
    diesel::update(open).set(recipe_reports::closed_at.eq(now)).execute(connection).await?;
    diesel::update(user_recipes::table.find(recipe))
        .set((
            user_recipes::open_reports.eq(0),
            user_recipes::reported_at.eq(None::<DateTime<Utc>>),
            user_recipes::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Lists the reports of a recipe, oldest first.
pub(in crate::moderation) async fn list(
    mut connection: &AsyncPgConnection,
    recipe: Uuid,
    page: &PageRequest<Position>,
) -> QueryResult<Vec<Report>> {
    type Row = (Uuid, ReportReason, Option<String>, DateTime<Utc>, Option<DateTime<Utc>>);
    let mut of_recipe = recipe_reports::table.filter(recipe_reports::recipe_id.eq(recipe)).into_boxed();
    if let Some(after) = page.after {
        of_recipe = of_recipe.filter(row(recipe_reports::created_at, recipe_reports::id).gt(after));
    }
    let rows: Vec<Row> = of_recipe
        .order((recipe_reports::created_at, recipe_reports::id))
        .limit(page.fetch())
        .select((
            recipe_reports::id,
            recipe_reports::reason,
            recipe_reports::note,
            recipe_reports::created_at,
            recipe_reports::closed_at,
        ))
        .load(&mut connection)
        .await?;
    let report = |(id, reason, note, created_at, closed_at): Row| Report {
        id,
        complaint: Complaint { reason, note },
        created_at,
        is_open: closed_at.is_none(),
    };
    Ok(rows.into_iter().map(report).collect())
}
