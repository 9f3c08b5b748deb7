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

/// Converts a row. Topics that cannot be read count as off, because a user without a row has all topics on.
fn preferences((email_enabled, push_enabled, topics, updated_at): Row) -> Preferences {
    let social_notifications = serde_json::from_value(topics).unwrap_or(SocialNotifications::NONE);
    Preferences { email_enabled, push_enabled, social_notifications, updated_at: Some(updated_at) }
}

/// Returns the preferences of a user.
pub(super) async fn get(mut connection: &AsyncPgConnection, user: Uuid) -> QueryResult<Preferences> {
    let row: Option<Row> = notification_preferences::table.find(user).select(COLUMNS).first(&mut connection).await.optional()?;
    Ok(row.map(preferences).unwrap_or_default())
}

/// Returns the preferences of those of these users who have changed theirs.
pub(crate) async fn get_all(mut connection: &AsyncPgConnection, users: &[Uuid]) -> QueryResult<HashMap<Uuid, Preferences>> {
    let rows: Vec<(Uuid, Row)> = notification_preferences::table
        .filter(notification_preferences::user_id.eq_any(users))
        .select((notification_preferences::user_id, COLUMNS))
        .load(&mut connection)
        .await?;
    Ok(rows.into_iter().map(|(user, row)| (user, preferences(row))).collect())
}

/// Locks the preferences of a user, after it stores the defaults if there are none, and returns them. Changes that different devices make at
/// the same time do not undo each other.
pub(super) async fn lock(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Preferences> {
    let begin = diesel::insert_into(notification_preferences::table).values(notification_preferences::user_id.eq(user));
    begin.on_conflict_do_nothing().execute(connection).await?;
    notification_preferences::table.find(user).select(COLUMNS).for_no_key_update().first(connection).await.map(preferences)
}

/// Stores the preferences of a user.
pub(super) async fn update(connection: &mut AsyncPgConnection, user: Uuid, new: &Preferences) -> QueryResult<Preferences> {
    let topics = serde_json::to_value(new.social_notifications).map_err(|error| SerializationError(error.into()))?;
    diesel::update(notification_preferences::table.find(user))
        .set((
            notification_preferences::email_enabled.eq(new.email_enabled),
            notification_preferences::push_enabled.eq(new.push_enabled),
            notification_preferences::social_notifications.eq(topics),
            notification_preferences::updated_at.eq(now),
        ))
        .returning(COLUMNS)
        .get_result(connection)
        .await
        .map(preferences)
}
