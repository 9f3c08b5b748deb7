//! Queries of profiles.

use std::time::Duration;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::dsl::{case_when, exists, now};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::name::DisplayName;
use super::visibility::visible_to;
use super::{Patch, PrivacyLevel, Profile};
use crate::people::membership::is_answered_for_by;
use crate::schema::users;

orchard_db::text_column!(PrivacyLevel);

/// A profile's row.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct Row {
    id: Uuid,
    display_name: Option<String>,
    privacy_level: PrivacyLevel,
    social_sharing_enabled: bool,
    referral_credits_earned: BigDecimal,
    time_zone: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Profile {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            display_name: row.display_name,
            privacy_level: row.privacy_level,
            social_sharing_enabled: row.social_sharing_enabled,
            referral_credits_earned: row.referral_credits_earned,
            time_zone: zone(&row.time_zone),
            created_at: row.created_at,
        }
    }
}

/// A zone that a newer release knew and this one does not counts as UTC: their days still begin once a day.
pub(crate) fn zone(name: &str) -> Tz {
    name.parse().unwrap_or_default()
}

/// Completes the profile of a user who is known: a name if there is none, the rest if nobody has chosen it. A complete one stays as it is.
pub(super) async fn register(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    name: &DisplayName,
    time_zone: Tz,
    privacy_level: PrivacyLevel,
) -> QueryResult<Profile> {
    let (is_open, is_unnamed) = (users::completed_at.is_null(), users::display_name.is_null());
    let name = case_when(is_unnamed, name.as_str().into_sql::<Nullable<Text>>()).otherwise(users::display_name);
    let zone = case_when(is_open, time_zone.name().into_sql::<Text>()).otherwise(users::time_zone);
    let level = case_when(is_open, privacy_level.into_sql::<Text>()).otherwise(users::privacy_level);
    let completed_at = case_when(is_open, now.into_sql::<Nullable<Timestamptz>>()).otherwise(users::completed_at);
    diesel::update(users::table.find(id).filter(is_unnamed.or(is_open)))
        .set((
            users::display_name.eq(name),
            users::time_zone.eq(zone),
            users::privacy_level.eq(level),
            users::completed_at.eq(completed_at),
            users::updated_at.eq(now),
        ))
        .execute(connection)
        .await?;
    users::table.find(id).select(Row::as_select()).first(connection).await.map(Row::into)
}

/// A profile that `viewer` may see.
pub(crate) async fn get(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Profile>> {
    users::table
        .find(id)
        .filter(visible_to(viewer))
        .select(Row::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// Those of these profiles that `viewer` may see, by id.
pub(super) async fn batch_get(mut connection: &AsyncPgConnection, ids: &[Uuid], viewer: Uuid) -> QueryResult<Vec<Profile>> {
    let rows: Vec<Row> = users::table
        .filter(users::id.eq_any(ids))
        .filter(visible_to(viewer))
        .order(users::id)
        .select(Row::as_select())
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(Row::into).collect())
}

/// Whether `viewer` may see a profile.
pub(crate) async fn is_visible(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<bool> {
    diesel::select(exists(users::table.find(id).filter(visible_to(viewer)))).get_result(&mut connection).await
}

/// Writes what a user has changed of their own, who is known.
pub(super) async fn update(connection: &mut AsyncPgConnection, id: Uuid, patch: &Patch) -> QueryResult<Profile> {
    diesel::update(users::table.find(id))
        .set((
            patch.display_name.as_ref().map(|name| users::display_name.eq(name.as_str())),
            patch.privacy_level.map(|level| users::privacy_level.eq(level)),
            patch.time_zone.map(|zone| users::time_zone.eq(zone.name())),
            patch.social_sharing_enabled.map(|shares| users::social_sharing_enabled.eq(shares)),
            users::completed_at
                .eq(case_when(users::completed_at.is_null(), now.into_sql::<Nullable<Timestamptz>>())
                    .otherwise(users::completed_at)),
            users::updated_at.eq(now),
        ))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Names a child that was added, for whom `adult` answers.
pub(super) async fn name_child(
    connection: &mut AsyncPgConnection,
    child: Uuid,
    adult: Uuid,
    name: &DisplayName,
) -> QueryResult<Option<Profile>> {
    diesel::update(users::table.find(child).filter(is_answered_for_by(adult)))
        .set((users::display_name.eq(name.as_str()), users::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// The date that it is for a user, `ahead` of the database's time; for those who are not known, in UTC.
pub(crate) async fn today(mut connection: &AsyncPgConnection, id: Uuid, ahead: Duration) -> QueryResult<NaiveDate> {
    let zone_of = users::table.find(id).select(users::time_zone).single_value();
    let (name, moment): (Option<String>, DateTime<Utc>) =
        diesel::select((zone_of, now.into_sql::<Timestamptz>())).get_result(&mut connection).await?;
    Ok(super::today(zone(&name.unwrap_or_default()), moment + ahead))
}

/// When a user was first known.
pub(crate) async fn known_since(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<DateTime<Utc>> {
    users::table.find(id).select(users::created_at).first(&mut connection).await
}

/// A user's zone, and what time it is: the database's at which the transaction began, and `ahead` more.
pub(crate) async fn clock(mut connection: &AsyncPgConnection, id: Uuid, ahead: Duration) -> QueryResult<(Tz, DateTime<Utc>)> {
    let clock = (users::time_zone, now.into_sql::<Timestamptz>());
    let (name, moment): (String, DateTime<Utc>) = users::table.find(id).select(clock).first(&mut connection).await?;
    Ok((zone(&name), moment + ahead))
}
