//! Queries of members.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Member, Privacy, Role};
use crate::schema::family_members;

orchard_db::text_column!(Role);

/// A row of `family_members`, without the columns that this slice does not serve yet.
#[derive(Queryable, Selectable)]
#[diesel(table_name = family_members)]
struct Row {
    family_plan_id: Uuid,
    user_id: Uuid,
    role: Role,
    display_name: Option<String>,
    relationship: Option<String>,
    privacy_settings: Option<Value>,
    joined_at: DateTime<Utc>,
    is_active: bool,
}

impl From<Row> for Member {
    fn from(row: Row) -> Self {
        Self {
            family_plan_id: row.family_plan_id,
            user_id: row.user_id,
            role: row.role,
            display_name: row.display_name,
            relationship: row.relationship,
            privacy: privacy(row.privacy_settings),
            joined_at: row.joined_at,
            is_active: row.is_active,
        }
    }
}

/// What `privacy_settings` says: what it leaves out is as for a new member, and what cannot be read shares nothing.
pub(crate) fn privacy(settings: Option<Value>) -> Privacy {
    settings.map_or_else(Privacy::default, |json| serde_json::from_value(json).unwrap_or(Privacy::CLOSED))
}

/// A member of a plan, active or not.
pub(crate) async fn find(mut connection: &AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<Option<Member>> {
    family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::user_id.eq(user))
        .select(Row::as_select())
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// Active members in the order in which they joined, behind the one named by `after`.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Member>> {
    let mut query = family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::is_active)
        .order((family_members::joined_at, family_members::user_id))
        .limit(count)
        .select(Row::as_select())
        .into_boxed();
    if let Some((joined_at, user)) = after {
        let later = family_members::joined_at.gt(joined_at);
        let same = family_members::joined_at.eq(joined_at).and(family_members::user_id.gt(user));
        query = query.filter(later.or(same));
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(Row::into).collect())
}

/// Gives a user a place in a plan whose seat was taken for them; who was there before is there again.
pub(crate) async fn seat(
    connection: &mut AsyncPgConnection,
    plan: Uuid,
    user: Uuid,
    role: Role,
    relationship: Option<&str>,
) -> QueryResult<()> {
    diesel::insert_into(family_members::table)
        .values((
            family_members::id.eq(Uuid::now_v7()),
            family_members::family_plan_id.eq(plan),
            family_members::user_id.eq(user),
            family_members::role.eq(role),
            family_members::relationship.eq(relationship),
        ))
        .on_conflict((family_members::family_plan_id, family_members::user_id))
        .do_update()
        .set((
            family_members::role.eq(role),
            family_members::relationship.eq(relationship),
            family_members::is_active.eq(true),
            family_members::joined_at.eq(diesel::dsl::now),
            family_members::updated_at.eq(diesel::dsl::now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Writes what a patch changed.
pub(super) async fn update(connection: &mut AsyncPgConnection, member: &Member) -> QueryResult<()> {
    let target = family_members::table
        .filter(family_members::family_plan_id.eq(member.family_plan_id))
        .filter(family_members::user_id.eq(member.user_id));
    diesel::update(target)
        .set((
            family_members::display_name.eq(&member.display_name),
            family_members::relationship.eq(&member.relationship),
            family_members::privacy_settings.eq(serde_json::to_value(member.privacy).ok()),
            family_members::updated_at.eq(diesel::dsl::now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_cannot_be_read_share_nothing() {
        assert_eq!(privacy(None), Privacy::default());
        assert_eq!(privacy(Some(json!({}))), Privacy::default());
        assert_eq!(privacy(Some(json!({"share_challenges": "yes"}))), Privacy::CLOSED);
    }
}
