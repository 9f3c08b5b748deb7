//! Queries that give awards.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{AchievementType, Award, EntityType};
use crate::schema::{social_achievements, users};

orchard_db::text_column!(AchievementType);
orchard_db::text_column!(EntityType);

/// Inserts achievements for users, who must be locked, and returns those that were new: the id, the user, the award. Users who are not
/// known get none.
pub(super) async fn insert<'a>(
    connection: &mut AsyncPgConnection,
    all: &'a [(Uuid, Award)],
) -> QueryResult<Vec<(Uuid, Uuid, &'a Award)>> {
    let ids: Vec<Uuid> = all.iter().map(|(user, _)| *user).collect();
    let sharing = users::table.filter(users::id.eq_any(ids)).select((users::id, users::social_sharing_enabled));
    let sharing: HashMap<Uuid, bool> = sharing.load(connection).await?.into_iter().collect();
    let mut awards = HashMap::new();
    let mut rows = Vec::with_capacity(all.len());
    for (user, award) in all {
        let Some(sharing) = sharing.get(user) else { continue };
        let id = Uuid::now_v7();
        awards.insert(id, (id, *user, award));
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
            social_achievements::is_public.eq(award.starts_public(*sharing)),
        ));
    }
    let new: Vec<Uuid> = diesel::insert_into(social_achievements::table)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(social_achievements::id)
        .get_results(connection)
        .await?;
    Ok(new.into_iter().filter_map(|id| awards.remove(&id)).collect())
}
