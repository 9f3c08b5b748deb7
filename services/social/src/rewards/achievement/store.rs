//! Queries of achievements.

use chrono::{DateTime, Utc};
use diesel::dsl::{InnerJoinQuerySource, count_star, exists, not, now, sum};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_db::row;
use orchard_rpc::PageRequest;
use serde_json::Value;
use uuid::Uuid;

use super::{Achievement, LatestFirst, Summary};
use crate::rewards::award::{AchievementType, Award, Entity, EntityType};
use crate::schema::{social_achievements, users};
use crate::visibility::visible_to;

/// The most badges of a summary.
const MAX_BADGES: i64 = 200;

#[derive(Queryable, Selectable)]
#[diesel(table_name = social_achievements)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    achievement_type: AchievementType,
    achievement_name: String,
    description: Option<String>,
    related_entity_id: Option<Uuid>,
    related_entity_type: Option<EntityType>,
    points_awarded: i32,
    badge_awarded: Option<String>,
    special_reward: Option<Value>,
    achieved_at: DateTime<Utc>,
    is_public: bool,
    celebration_shown: bool,
}

impl TryFrom<Row> for Achievement {
    type Error = diesel::result::Error;

    fn try_from(row: Row) -> QueryResult<Self> {
        let reward = row.special_reward.map(serde_json::from_value).transpose();
        let entity = row.related_entity_type.zip(row.related_entity_id).map(|(of, id)| Entity { of, id });
        let award = Award {
            achievement_type: row.achievement_type,
            name: row.achievement_name,
            description: row.description,
            entity,
            points: row.points_awarded,
            badge: row.badge_awarded,
            special_reward: reward.map_err(|error| DeserializationError(error.into()))?,
        };
        Ok(Self {
            id: row.id,
            user_id: row.user_id,
            award,
            achieved_at: row.achieved_at,
            is_public: row.is_public,
            celebration_shown: row.celebration_shown,
        })
    }
}

/// Finds the achievement that a user has of an award.
pub(super) async fn find(connection: &mut AsyncPgConnection, user: Uuid, award: &Award) -> QueryResult<Option<Achievement>> {
    let found: Option<Row> = social_achievements::table
        .filter(social_achievements::user_id.eq(user))
        .filter(social_achievements::achievement_type.eq(award.achievement_type))
        .filter(social_achievements::achievement_name.eq(&award.name))
        .filter(social_achievements::related_entity_id.is_not_distinct_from(award.entity.map(|entity| entity.id)))
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()?;
    found.map(Achievement::try_from).transpose()
}

/// Whether `viewer` may see an achievement of a user whose profile they may see.
#[diesel::dsl::auto_type(no_type_alias)]
fn open_to(viewer: Uuid) -> _ {
    social_achievements::is_public.or(social_achievements::user_id.eq(viewer))
}

/// A condition on achievements and their users.
type Condition = Box<dyn BoxableExpression<InnerJoinQuerySource<social_achievements::table, users::table>, Pg, SqlType = Bool>>;

/// Lists achievements of a user that `viewer` may see, the latest first.
pub(super) async fn list(
    connection: &AsyncPgConnection,
    user: Uuid,
    viewer: Uuid,
    page: &PageRequest<LatestFirst>,
) -> QueryResult<Vec<Achievement>> {
    latest(connection, viewer, Box::new(users::id.eq(user).and(open_to(viewer))), page).await
}

/// Lists public achievements of those of these users who share theirs, the latest first.
pub(super) async fn highlights(
    connection: &AsyncPgConnection,
    viewer: Uuid,
    of: &[Uuid],
    page: &PageRequest<LatestFirst>,
) -> QueryResult<Vec<Achievement>> {
    let of = social_achievements::user_id.eq_any(of.to_vec());
    let shared = of.and(users::social_sharing_enabled).and(social_achievements::is_public);
    latest(connection, viewer, Box::new(shared), page).await
}

/// Lists achievements that fulfil a condition, of users whom `viewer` may see, the latest first.
async fn latest(
    mut connection: &AsyncPgConnection,
    viewer: Uuid,
    condition: Condition,
    page: &PageRequest<LatestFirst>,
) -> QueryResult<Vec<Achievement>> {
    let mut query = social_achievements::table
        .inner_join(users::table)
        .filter(condition)
        .filter(visible_to(viewer))
        .order((social_achievements::achieved_at.desc(), social_achievements::id.desc()))
        .limit(page.fetch())
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(row(social_achievements::achieved_at, social_achievements::id).lt(after));
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    rows.into_iter().map(Achievement::try_from).collect()
}

/// Sums up the achievements of a user that `viewer` may see.
pub(super) async fn sum_up(mut connection: &AsyncPgConnection, user: Uuid, viewer: Uuid) -> QueryResult<Summary> {
    let seen = || {
        let of_user = social_achievements::table.inner_join(users::table).filter(users::id.eq(user));
        of_user.filter(visible_to(viewer)).filter(open_to(viewer))
    };
    let (points, count): (Option<i64>, i64) =
        seen().select((sum(social_achievements::points_awarded), count_star())).first(&mut connection).await?;
    let badges: Vec<Option<String>> = seen()
        .filter(social_achievements::badge_awarded.is_not_null())
        .select(social_achievements::badge_awarded)
        .distinct()
        .order(social_achievements::badge_awarded)
        .limit(MAX_BADGES)
        .load(&mut connection)
        .await?;
    Ok(Summary { points: points.unwrap_or_default(), count, badges: badges.into_iter().flatten().collect() })
}

/// Makes an achievement of a user public, or not.
pub(super) async fn set_public(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    user: Uuid,
    is_public: bool,
) -> QueryResult<Option<Achievement>> {
    let own = social_achievements::table.find(id).filter(social_achievements::user_id.eq(user));
    let row: Option<Row> = diesel::update(own)
        .set((social_achievements::is_public.eq(is_public), social_achievements::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .optional()?;
    row.map(Achievement::try_from).transpose()
}

/// Stores that a user was congratulated, and returns whether this was the first time, or `None` if they have no such achievement.
/// Concurrent calls wait for each other at the row, so one of them is the first.
pub(super) async fn celebrate(connection: &mut AsyncPgConnection, id: Uuid, user: Uuid) -> QueryResult<Option<bool>> {
    let own = || social_achievements::table.find(id).filter(social_achievements::user_id.eq(user));
    let first = diesel::update(own().filter(not(social_achievements::celebration_shown)))
        .set((social_achievements::celebration_shown.eq(true), social_achievements::updated_at.eq(now)))
        .execute(connection)
        .await?;
    if first > 0 {
        return Ok(Some(true));
    }
    let is_own: bool = diesel::select(exists(own())).get_result(connection).await?;
    Ok(is_own.then_some(false))
}
