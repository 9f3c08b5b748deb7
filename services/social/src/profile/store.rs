//! Queries of profiles.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{PrivacyLevel, Profile};
use crate::membership::share_a_family;
use crate::schema::users;

orchard_db::text_column!(PrivacyLevel);

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: Uuid,
    display_name: Option<String>,
    privacy_level: PrivacyLevel,
    time_zone: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Profile {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            display_name: row.display_name,
            privacy_level: row.privacy_level,
            time_zone: zone(&row.time_zone),
            created_at: row.created_at,
        }
    }
}

/// A zone that a newer release knew and this one does not counts as UTC: their days still begin once a day.
fn zone(name: &str) -> Tz {
    name.parse().unwrap_or_default()
}

/// Whether `viewer` may see the profile of the `users` row: the one place that says so. Friends outside of the family have no place
/// here yet.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn visible_to(viewer: Uuid) -> _ {
    let public: PrivacyLevel = PrivacyLevel::Public;
    let friends_only: PrivacyLevel = PrivacyLevel::FriendsOnly;
    let family: share_a_family = share_a_family(viewer);
    let among_friends = users::privacy_level.eq(friends_only).and(family);
    users::id.eq(viewer).or(users::privacy_level.eq(public)).or(among_friends)
}

/// Writes a new profile, or completes one that has no name yet; a complete one stays as it is.
pub(super) async fn register(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    display_name: &str,
    time_zone: Tz,
    privacy_level: PrivacyLevel,
) -> QueryResult<Profile> {
    let values =
        (users::display_name.eq(display_name), users::time_zone.eq(time_zone.name()), users::privacy_level.eq(privacy_level));
    let insert = diesel::insert_into(users::table).values((users::id.eq(id), values)).on_conflict_do_nothing();
    if insert.execute(connection).await? == 0 {
        diesel::update(users::table.find(id).filter(users::display_name.is_null()))
            .set((values, users::updated_at.eq(now)))
            .execute(connection)
            .await?;
    }
    users::table.find(id).select(Row::as_select()).first(connection).await.map(Row::into)
}

/// A profile that `viewer` may see.
pub(super) async fn get(mut connection: &AsyncPgConnection, id: Uuid, viewer: Uuid) -> QueryResult<Option<Profile>> {
    users::table
        .find(id)
        .filter(visible_to(viewer))
        .select(Row::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// Knows a user from their first use on, though nobody has registered them.
pub(crate) async fn enrol(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<()> {
    let enrol = diesel::insert_into(users::table).values(users::id.eq(id)).on_conflict_do_nothing();
    enrol.execute(connection).await.map(|_| ())
}

/// The same for many, in one order, so that two who know some of the same users do not wait for each other.
pub(crate) async fn enrol_all(connection: &mut AsyncPgConnection, ids: BTreeSet<Uuid>) -> QueryResult<()> {
    let rows: Vec<_> = ids.into_iter().map(|id| users::id.eq(id)).collect();
    diesel::insert_into(users::table).values(rows).on_conflict_do_nothing().execute(connection).await.map(|_| ())
}

/// A user's zone, and the database's time at which the transaction began.
pub(crate) async fn clock(mut connection: &AsyncPgConnection, id: Uuid) -> QueryResult<(Tz, DateTime<Utc>)> {
    let clock = (users::time_zone, now.into_sql::<Timestamptz>());
    let (name, moment): (String, DateTime<Utc>) = users::table.find(id).select(clock).first(&mut connection).await?;
    Ok((zone(&name), moment))
}
