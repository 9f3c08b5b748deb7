//! Queries of achievements.

use bigdecimal::ToPrimitive as _;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, now, sum};
use diesel::prelude::*;
use diesel::result::Error::{DeserializationError, SerializationError};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Achievement, AchievementType, Award, Entity, EntityType};
use crate::people::profile::visibility::visible_to;
use crate::schema::{social_achievements, users};

orchard_db::text_column!(AchievementType);
orchard_db::text_column!(EntityType);

/// Badges of a summary at most.
const MOST_BADGES: i64 = 200;

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

/// Gives users, who are known and locked, awards, unless they have them; the places of those that they had not, and their ids. An award starts
/// public if its user shares.
pub(super) async fn award(connection: &mut AsyncPgConnection, all: &[(Uuid, Award)]) -> QueryResult<Vec<(usize, Uuid)>> {
    let users: Vec<Uuid> = all.iter().map(|(user, _)| *user).collect();
    let shares = users::table.filter(users::id.eq_any(users)).select((users::id, users::social_sharing_enabled));
    let shares: HashMap<Uuid, bool> = shares.load(connection).await?.into_iter().collect();
    let mut places = HashMap::new();
    let mut rows = Vec::with_capacity(all.len());
    for (place, (user, award)) in all.iter().enumerate() {
        // Who is gone has nothing to gain.
        let Some(shares) = shares.get(user) else { continue };
        let id = Uuid::now_v7();
        places.insert(id, place);
        let reward = award.special_reward.as_ref().map(serde_json::to_value).transpose();
        rows.push((
            social_achievements::id.eq(id),
            social_achievements::user_id.eq(*user),
            social_achievements::achievement_type.eq(award.achievement_type),
            social_achievements::achievement_name.eq(&award.name),
            social_achievements::description.eq(&award.description),
            social_achievements::related_entity_id.eq(award.entity.map(|entity| entity.id)),
            social_achievements::related_entity_type.eq(award.entity.map(|entity| entity.of)),
            social_achievements::points_awarded.eq(award.points),
            social_achievements::badge_awarded.eq(&award.badge),
            social_achievements::special_reward.eq(reward.map_err(|error| SerializationError(error.into()))?),
            social_achievements::is_public.eq(award.starts_public(*shares)),
        ));
    }
    let given: Vec<Uuid> = diesel::insert_into(social_achievements::table)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(social_achievements::id)
        .get_results(connection)
        .await?;
    Ok(given.into_iter().filter_map(|id| places.get(&id).map(|place| (*place, id))).collect())
}

/// What a user has of an award.
pub(super) async fn awarded(connection: &mut AsyncPgConnection, user: Uuid, award: &Award) -> QueryResult<Option<Achievement>> {
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

/// Whether `viewer` may see an achievement of a user whom they may see.
#[diesel::dsl::auto_type(no_type_alias)]
fn open_to(viewer: Uuid) -> _ {
    social_achievements::is_public.or(social_achievements::user_id.eq(viewer))
}

/// Achievements of a user that `viewer` may see, the latest first, behind the one named by `after`.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    user: Uuid,
    viewer: Uuid,
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Achievement>> {
    let mut query = social_achievements::table
        .inner_join(users::table)
        .filter(users::id.eq(user))
        .filter(visible_to(viewer))
        .filter(open_to(viewer))
        .order((social_achievements::achieved_at.desc(), social_achievements::id.desc()))
        .limit(count)
        .select(Row::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let same = social_achievements::achieved_at.eq(at).and(social_achievements::id.lt(id));
        query = query.filter(social_achievements::achieved_at.lt(at).or(same));
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    rows.into_iter().map(Achievement::try_from).collect()
}

/// Public achievements of those friends of `viewer` who share, the latest first, behind the one named by `after`.
pub(super) async fn highlights(
    mut connection: &AsyncPgConnection,
    viewer: Uuid,
    friends: &[Uuid],
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Achievement>> {
    let mut query = social_achievements::table
        .inner_join(users::table)
        .filter(social_achievements::user_id.eq_any(friends))
        .filter(visible_to(viewer))
        .filter(users::social_sharing_enabled)
        .filter(social_achievements::is_public)
        .order((social_achievements::achieved_at.desc(), social_achievements::id.desc()))
        .limit(count)
        .select(Row::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let same = social_achievements::achieved_at.eq(at).and(social_achievements::id.lt(id));
        query = query.filter(social_achievements::achieved_at.lt(at).or(same));
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    rows.into_iter().map(Achievement::try_from).collect()
}

/// Points, number and badges of the achievements of a user that `viewer` may see.
pub(super) async fn sum_up(mut connection: &AsyncPgConnection, user: Uuid, viewer: Uuid) -> QueryResult<(i64, i64, Vec<String>)> {
    let seen = || {
        let of = social_achievements::table.inner_join(users::table).filter(users::id.eq(user));
        of.filter(visible_to(viewer)).filter(open_to(viewer))
    };
    let (points, count): (Option<i64>, i64) =
        seen().select((sum(social_achievements::points_awarded), count_star())).first(&mut connection).await?;
    let badges: Vec<Option<String>> = seen()
        .filter(social_achievements::badge_awarded.is_not_null())
        .select(social_achievements::badge_awarded)
        .distinct()
        .order(social_achievements::badge_awarded)
        .limit(MOST_BADGES)
        .load(&mut connection)
        .await?;
    Ok((points.and_then(|points| points.to_i64()).unwrap_or_default(), count, badges.into_iter().flatten().collect()))
}

/// Makes an achievement of its user public, or not.
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

/// Writes that a user was congratulated, and says whether they had not been before; nothing, if it is not theirs. Of several at once the row
/// lets one after the other.
pub(super) async fn celebrate(connection: &mut AsyncPgConnection, id: Uuid, user: Uuid) -> QueryResult<Option<bool>> {
    let own = social_achievements::table.find(id).filter(social_achievements::user_id.eq(user));
    let open = social_achievements::table
        .find(id)
        .filter(social_achievements::user_id.eq(user))
        .filter(diesel::dsl::not(social_achievements::celebration_shown));
    let shown = diesel::update(open)
        .set((social_achievements::celebration_shown.eq(true), social_achievements::updated_at.eq(now)))
        .execute(connection)
        .await?;
    if shown > 0 {
        return Ok(Some(true));
    }
    let is_own: Option<Uuid> = own.select(social_achievements::id).first(connection).await.optional()?;
    Ok(is_own.map(|_| false))
}
