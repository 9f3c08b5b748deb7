//! Queries of notification preferences.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::result::Error::SerializationError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Preferences, SocialNotifications};
use crate::schema::notification_preferences;

type Row = (bool, bool, Value, DateTime<Utc>);

const COLUMNS: (
    notification_preferences::email_enabled,
    notification_preferences::push_enabled,
    notification_preferences::social_notifications,
    notification_preferences::updated_at,
) = (
    notification_preferences::email_enabled,
    notification_preferences::push_enabled,
    notification_preferences::social_notifications,
    notification_preferences::updated_at,
);

/// What cannot be read is not wanted: who has said something did not want more.
fn preferences((email_enabled, push_enabled, topics, updated_at): Row) -> Preferences {
    let social_notifications = serde_json::from_value(topics).unwrap_or(SocialNotifications::NONE);
    Preferences { email_enabled, push_enabled, social_notifications, updated_at: Some(updated_at) }
}

/// What a user has said.
pub(crate) async fn get(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Option<Preferences>> {
    let row: Option<Row> = notification_preferences::table.find(user).select(COLUMNS).first(&mut connection).await.optional()?;
    Ok(row.map(preferences))
}

/// What these users have said, those of them who have.
pub(crate) async fn get_all(mut connection: &AsyncPgConnection, users: &[Uuid]) -> QueryResult<HashMap<Uuid, Preferences>> {
    let rows: Vec<(Uuid, Row)> = notification_preferences::table
        .filter(notification_preferences::user_id.eq_any(users))
        .select((notification_preferences::user_id, COLUMNS))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|(user, row)| (user, preferences(row))).collect())
}

/// The same, so that nobody else changes it before the transaction ends: what one changes must not undo what another has. A user who has
/// said nothing yet has the defaults from then on.
pub(super) async fn lock(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Preferences> {
    let begin = diesel::insert_into(notification_preferences::table).values(notification_preferences::user_id.eq(user));
    begin.on_conflict_do_nothing().execute(connection).await?;
    notification_preferences::table.find(user).select(COLUMNS).for_no_key_update().first(connection).await.map(preferences)
}

/// Writes what a user wants.
pub(super) async fn update(connection: &mut AsyncPgConnection, user: Uuid, wanted: &Preferences) -> QueryResult<Preferences> {
    let topics = serde_json::to_value(wanted.social_notifications).map_err(|error| SerializationError(error.into()))?;
    diesel::update(notification_preferences::table.find(user))
        .set((
            notification_preferences::email_enabled.eq(wanted.email_enabled),
            notification_preferences::push_enabled.eq(wanted.push_enabled),
            notification_preferences::social_notifications.eq(topics),
            notification_preferences::updated_at.eq(now),
        ))
        .returning(COLUMNS)
        .get_result(connection)
        .await
        .map(preferences)
}
