//! Queries of milestones.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, max, now};
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_rpc::PageRequest;
use serde_json::Value;
use uuid::Uuid;

use super::{Milestone, MilestoneType, SocialContext};
use crate::schema::{achievement_milestones, users};
use crate::visibility::visible_to;

orchard_db::text_column!(MilestoneType);

#[derive(Queryable, Selectable)]
#[diesel(table_name = achievement_milestones)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    milestone_type: MilestoneType,
    target: i32,
    current: i32,
    achieved_at: Option<DateTime<Utc>>,
    is_social_achievement: bool,
    shared_publicly: bool,
    social_context: Option<Value>,
}

impl From<Row> for Milestone {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            milestone_type: row.milestone_type,
            target: row.target,
            current: row.current,
            achieved_at: row.achieved_at,
            is_social_achievement: row.is_social_achievement,
            shared_publicly: row.shared_publicly,
            // A later release may count entities of other types.
            social_context: row.social_context.and_then(|stored| serde_json::from_value(stored).ok()),
        }
    }
}

/// Counts one more for each of these users, towards all targets of a type, and returns the targets that they reached. The users must be
/// locked, so that no other transaction counts for them at the same time.
pub(super) async fn count_up(
    connection: &mut AsyncPgConnection,
    users: &[Uuid],
    counted: MilestoneType,
    last: Option<SocialContext>,
) -> QueryResult<Vec<(Uuid, i32)>> {
    let of = achievement_milestones::user_id.eq_any(users).and(achievement_milestones::milestone_type.eq(counted));
    let before: Vec<(Uuid, Option<i32>)> = achievement_milestones::table
        .filter(of.clone())
        .group_by(achievement_milestones::user_id)
        .select((achievement_milestones::user_id, max(achievement_milestones::current)))
        .load(connection)
        .await?;
    let before: HashMap<Uuid, i32> = before.into_iter().map(|(user, count)| (user, count.unwrap_or_default())).collect();
    let moment: DateTime<Utc> = diesel::select(now.into_sql::<Timestamptz>()).get_result(connection).await?;
    let mut reached = begin(connection, users, counted, &before, moment).await?;
    let context = last.map(serde_json::to_value).transpose().map_err(|error| SerializationError(error.into()))?;
    let enough = (achievement_milestones::current + 1).ge(achievement_milestones::target);
    let since = case_when(achievement_milestones::achieved_at.is_null().and(enough), moment.into_sql::<Nullable<Timestamptz>>())
        .otherwise(achievement_milestones::achieved_at);
    let counts: Vec<(Uuid, i32, i32)> = diesel::update(achievement_milestones::table.filter(of))
        .set((
            achievement_milestones::current.eq(achievement_milestones::current + 1),
            achievement_milestones::achieved.eq(achievement_milestones::achieved.or(enough)),
            achievement_milestones::achieved_at.eq(since),
            achievement_milestones::social_context.eq(context),
            achievement_milestones::updated_at.eq(now),
        ))
        .returning((achievement_milestones::user_id, achievement_milestones::target, achievement_milestones::current))
        .get_results(connection)
        .await?;
    let now_reached = counts.into_iter().filter(|(_, target, current)| target == current);
    reached.extend(now_reached.map(|(user, target, _)| (user, target)));
    Ok(reached)
}

/// Counts one less for a user towards all targets of a type.
pub(super) async fn count_down(connection: &mut AsyncPgConnection, user: Uuid, counted: MilestoneType) -> QueryResult<()> {
    diesel::update(achievement_milestones::table)
        .filter(achievement_milestones::user_id.eq(user))
        .filter(achievement_milestones::milestone_type.eq(counted))
        .filter(achievement_milestones::current.gt(0))
        .set((
            achievement_milestones::current.eq(achievement_milestones::current - 1),
            achievement_milestones::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Inserts rows for targets that have none: all of them at first, later those that a release adds. They start at the count of the others.
/// Returns the targets that are reached from the start.
async fn begin(
    connection: &mut AsyncPgConnection,
    users: &[Uuid],
    counted: MilestoneType,
    before: &HashMap<Uuid, i32>,
    moment: DateTime<Utc>,
) -> QueryResult<Vec<(Uuid, i32)>> {
    let row = |user: Uuid, target: i32| {
        let count = before.get(&user).copied().unwrap_or_default();
        let is_reached = count >= target;
        (
            achievement_milestones::id.eq(Uuid::now_v7()),
            achievement_milestones::user_id.eq(user),
            achievement_milestones::milestone_type.eq(counted),
            achievement_milestones::target.eq(target),
            achievement_milestones::current.eq(count),
            achievement_milestones::achieved.eq(is_reached),
            achievement_milestones::achieved_at.eq(is_reached.then_some(moment)),
            achievement_milestones::is_social_achievement.eq(true),
        )
    };
    let rows = users.iter().flat_map(|user| counted.targets().iter().map(move |target| row(*user, *target)));
    let begun: Vec<(Uuid, i32, bool)> = diesel::insert_into(achievement_milestones::table)
        .values(rows.collect::<Vec<_>>())
        .on_conflict_do_nothing()
        .returning((achievement_milestones::user_id, achievement_milestones::target, achievement_milestones::achieved))
        .get_results(connection)
        .await?;
    Ok(begun.into_iter().filter(|(_, _, is_reached)| *is_reached).map(|(user, target, _)| (user, target)).collect())
}

/// Lists milestones of a user that `viewer` may see. There are never more than there are targets, so all are read for each page.
pub(crate) async fn list(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    viewer: Uuid,
    page: &PageRequest<i64>,
) -> QueryResult<Vec<Milestone>> {
    let rows: Vec<Row> = achievement_milestones::table
        .inner_join(users::table)
        .filter(users::id.eq(user))
        .filter(visible_to(viewer))
        .filter(achievement_milestones::shared_publicly.or(achievement_milestones::user_id.eq(viewer)))
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    let mut milestones: Vec<Milestone> = rows.into_iter().map(Row::into).collect();
    milestones.sort_by_key(Milestone::position);
    milestones.retain(|milestone| page.after.is_none_or(|after| milestone.position() > after));
    milestones.truncate(page.size + 1);
    Ok(milestones)
}

/// Makes a milestone of a user public, or not.
pub(crate) async fn share(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    user: Uuid,
    shared_publicly: bool,
) -> QueryResult<Option<Milestone>> {
    let own = achievement_milestones::table.find(id).filter(achievement_milestones::user_id.eq(user));
    diesel::update(own)
        .set((achievement_milestones::shared_publicly.eq(shared_publicly), achievement_milestones::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result::<Row>(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}
