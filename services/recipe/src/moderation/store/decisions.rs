//! Queries of decisions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row;
use orchard_rpc::PageRequest;
use uuid::Uuid;

use crate::moderation::{Decision, DecisionKind, Position};
use crate::schema::moderation_decisions;

orchard_db::text_column!(DecisionKind);

/// Records a decision.
pub(in crate::moderation) async fn insert(
    connection: &mut AsyncPgConnection,
    recipe: Uuid,
    moderator: Uuid,
    kind: DecisionKind,
    (note, closed_reports): (Option<&str>, i32),
) -> QueryResult<()> {
    diesel::insert_into(moderation_decisions::table)
        .values((
            moderation_decisions::id.eq(Uuid::now_v7()),
            moderation_decisions::recipe_id.eq(recipe),
            moderation_decisions::moderator_id.eq(moderator),
            moderation_decisions::kind.eq(kind),
            moderation_decisions::note.eq(note),
            moderation_decisions::closed_reports.eq(closed_reports),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = moderation_decisions)]
struct DecisionRow {
    id: Uuid,
    recipe_id: Uuid,
    moderator_id: Uuid,
    kind: DecisionKind,
    note: Option<String>,
    closed_reports: i32,
    created_at: DateTime<Utc>,
}

impl From<DecisionRow> for Decision {
    fn from(row: DecisionRow) -> Self {
        let DecisionRow { id, recipe_id, moderator_id, kind, note, closed_reports, created_at } = row;
        Self { id, recipe_id, moderator_id, kind, note, closed_reports, created_at }
    }
}

/// Lists the decisions about a recipe, latest first.
pub(in crate::moderation) async fn list(
    mut connection: &AsyncPgConnection,
    recipe: Uuid,
    page: &PageRequest<Position>,
) -> QueryResult<Vec<Decision>> {
    let mut about = moderation_decisions::table.filter(moderation_decisions::recipe_id.eq(recipe)).into_boxed();
    if let Some(after) = page.after {
        about = about.filter(row(moderation_decisions::created_at, moderation_decisions::id).lt(after));
    }
    let rows: Vec<DecisionRow> = about
        .order((moderation_decisions::created_at.desc(), moderation_decisions::id.desc()))
        .limit(page.fetch())
        .select(DecisionRow::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Decision::from).collect())
}
