//! Queries of profiles.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, exists, not, now};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use orchard_rpc::Zone;
use uuid::Uuid;

use super::name::DisplayName;
use super::{Patch, PrivacyLevel, Profile, Registration};
use crate::people::membership::store::may_be_named_by;
use crate::schema::users;
use crate::visibility::visible_to;

orchard_db::text_column!(PrivacyLevel);

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns the earlier time, and the second one if there is no first.
    fn least(first: Nullable<Timestamptz>, second: Timestamptz) -> Nullable<Timestamptz>;
}

/// The row of a profile.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct ProfileRow {
    id: Uuid,
    display_name: Option<String>,
    privacy_level: PrivacyLevel,
    social_sharing_enabled: bool,
    referral_credits_earned: BigDecimal,
    time_zone: String,
    created_at: DateTime<Utc>,
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        Self {
            id: row.id,
            display_name: row.display_name,
            privacy_level: row.privacy_level,
            social_sharing_enabled: row.social_sharing_enabled,
            referral_credits_earned: row.referral_credits_earned,
            time_zone: Zone::stored(&row.time_zone),
            created_at: row.created_at,
        }
    }
}

/// Completes the profile of a known user. The name is set if there is none, the rest if the user has not changed the profile yet.
pub(super) async fn register(connection: &mut AsyncPgConnection, new: &Registration) -> QueryResult<Profile> {
    let (is_open, is_unnamed) = (users::completed_at.is_null(), users::display_name.is_null());
    let name = case_when(is_unnamed, new.display_name.as_str().into_sql::<Nullable<Text>>()).otherwise(users::display_name);
    let zone = case_when(is_open, new.time_zone.name().into_sql::<Text>()).otherwise(users::time_zone);
    let level = case_when(is_open, new.privacy_level.into_sql::<Text>()).otherwise(users::privacy_level);
    diesel::update(users::table.find(new.id).filter(is_unnamed.or(is_open)))
        .set((
            users::display_name.eq(name),
            users::time_zone.eq(zone),
            users::privacy_level.eq(level),
            users::completed_at.eq(least(users::completed_at, now)),
            users::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    users::table.find(new.id).select(ProfileRow::as_select()).first(connection).await.map(Profile::from)
}

/// Returns a profile that `viewer` may see.
pub(crate) async fn get(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Profile>> {
    users::table
        .find(id)
        .filter(visible_to(viewer))
        .select(ProfileRow::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(Profile::from))
}

/// Returns those of these profiles that `viewer` may see, ordered by id.
pub(super) async fn batch_get(mut connection: &AsyncPgConnection, ids: &[Uuid], viewer: Uuid) -> QueryResult<Vec<Profile>> {
    let rows: Vec<ProfileRow> = users::table
        .filter(users::id.eq_any(ids))
        .filter(visible_to(viewer))
        .order(users::id)
        .select(ProfileRow::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Profile::from).collect())
}

/// Returns those of these users who do not share, ordered by id.
pub(super) async fn unsharing(mut connection: &AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    let unsharing = users::table.filter(users::id.eq_any(ids)).filter(not(users::social_sharing_enabled));
    unsharing.order(users::id).select(users::id).load(&mut connection).await
}

/// Returns whether `viewer` may see a profile.
pub(crate) async fn is_visible(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<bool> {
    diesel::select(exists(users::table.find(id).filter(visible_to(viewer)))).get_result(&mut connection).await
}

/// Changes the profile of a known user.
pub(super) async fn update(connection: &mut AsyncPgConnection, id: Uuid, patch: &Patch) -> QueryResult<Profile> {
    diesel::update(users::table.find(id))
        .set((
            patch.display_name.as_ref().map(|name| users::display_name.eq(name.as_str())),
            patch.privacy_level.map(|level| users::privacy_level.eq(level)),
            patch.time_zone.map(|zone| users::time_zone.eq(zone.name())),
            patch.social_sharing_enabled.map(|shares| users::social_sharing_enabled.eq(shares)),
            users::completed_at.eq(least(users::completed_at, now)),
            users::updated_at.eq(now),
        ))
        .returning(ProfileRow::as_returning())
        .get_result(connection)
        .await
        .map(Profile::from)
}

/// Names a child whom `adult` may name.
pub(super) async fn name_child(
    connection: &mut AsyncPgConnection,
    child: Uuid,
    adult: Uuid,
    name: &DisplayName,
) -> QueryResult<Option<Profile>> {
    diesel::update(users::table.find(child).filter(may_be_named_by(adult)))
        .set((users::display_name.eq(name.as_str()), users::updated_at.eq(now)))
        .returning(ProfileRow::as_returning())
        .get_result(connection)
        .await
        .optional()
        .map(|found| found.map(Profile::from))
}

/// Returns when a user became known.
pub(crate) async fn known_since(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<DateTime<Utc>> {
    users::table.find(id).select(users::created_at).first(&mut connection).await
}
