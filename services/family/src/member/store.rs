//! Queries of members.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{Member, Permissions, Privacy, Role, Standing};
use crate::schema::{family_members, family_plans};

orchard_db::text_column!(Role);

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
    permissions: Option<Value>,
    banned_at: Option<DateTime<Utc>>,
    guardian_user_id: Option<Uuid>,
    consent_at: Option<DateTime<Utc>>,
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
            permissions: permissions(row.permissions),
            banned_at: row.banned_at,
            guardian_user_id: row.guardian_user_id,
            consent_at: row.consent_at,
        }
    }
}

/// What `privacy_settings` says: what it leaves out is as for a new member, and what cannot be read shares nothing.
pub(crate) fn privacy(settings: Option<Value>) -> Privacy {
    settings.map_or_else(Privacy::default, |json| serde_json::from_value(json).unwrap_or(Privacy::CLOSED))
}

/// As [`privacy`]: what `permissions` leaves out is permitted, and what cannot be read permits nothing.
fn permissions(settings: Option<Value>) -> Permissions {
    settings.map_or_else(Permissions::default, |json| serde_json::from_value(json).unwrap_or(Permissions::CLOSED))
}

/// The columns of a [`Standing`].
pub(crate) const STANDING: (family_members::role, family_members::permissions) =
    (family_members::role, family_members::permissions);

/// What the columns of a standing say.
pub(crate) fn standing((role, settings): (Role, Option<Value>)) -> Standing {
    Standing { role, permissions: permissions(settings) }
}

/// How an active member of a plan in use stands in it.
pub(super) async fn standing_of(mut connection: &AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<Option<Standing>> {
    family_members::table
        .inner_join(family_plans::table)
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::user_id.eq(user))
        .filter(family_members::is_active)
        .filter(family_plans::is_active)
        .select(STANDING)
        .first(&mut connection)
        .await
        .optional()
        .map(|found| found.map(standing))
}

/// The seats of users in plans in use: user, plan, role.
pub(super) async fn memberships(mut connection: &AsyncPgConnection, users: &[Uuid]) -> QueryResult<Vec<(Uuid, Uuid, Role)>> {
    family_members::table
        .inner_join(family_plans::table)
        .filter(family_members::user_id.eq_any(users))
        .filter(family_members::is_active)
        .filter(family_plans::is_active)
        .order((family_members::user_id, family_members::family_plan_id))
        .select((family_members::user_id, family_members::family_plan_id, family_members::role))
        .load(&mut connection)
        .await
}

/// Active members of a plan, in the order in which they joined.
pub(crate) async fn active(mut connection: &AsyncPgConnection, plan: Uuid) -> QueryResult<Vec<(Uuid, Role)>> {
    family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::is_active)
        .order((family_members::joined_at, family_members::user_id))
        .select((family_members::user_id, family_members::role))
        .load(&mut connection)
        .await
}

/// The same, with whether they were added as children, and who answers for them.
pub(super) async fn seats(mut connection: &AsyncPgConnection, plan: Uuid) -> QueryResult<Vec<(Uuid, Role, bool, Option<Uuid>)>> {
    family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::is_active)
        .order((family_members::joined_at, family_members::user_id))
        .select((
            family_members::user_id,
            family_members::role,
            family_members::consent_at.is_not_null(),
            family_members::guardian_user_id,
        ))
        .load(&mut connection)
        .await
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

/// Active or former members in the order in which they joined, behind the one named by `after`.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    plan: Uuid,
    is_active: bool,
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<Member>> {
    let mut query = family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::is_active.eq(is_active))
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

/// Gives a user a place in a plan whose seat was taken for them; who was there before is there again, with what they shared. Says whether
/// they are a child that was added, and who answers for it.
pub(super) async fn seat(
    connection: &mut AsyncPgConnection,
    plan: Uuid,
    user: Uuid,
    role: Role,
    relationship: Option<&str>,
) -> QueryResult<(bool, Option<Uuid>)> {
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
            family_members::joined_at.eq(now),
            family_members::updated_at.eq(now),
        ))
        .returning((family_members::consent_at.is_not_null(), family_members::guardian_user_id))
        .get_result(connection)
        .await
}

/// A child who is new, and who answers for it.
#[derive(Debug)]
pub(crate) struct NewChild<'a> {
    pub(crate) display_name: &'a str,
    pub(crate) relationship: Option<&'a str>,
    pub(crate) guardian: Uuid,
}

/// Gives a child a place in a plan whose seat was taken for it, by its guardian's consent of now.
pub(super) async fn seat_child(
    connection: &mut AsyncPgConnection,
    plan: Uuid,
    child: Uuid,
    new: &NewChild<'_>,
) -> QueryResult<()> {
    diesel::insert_into(family_members::table)
        .values((
            family_members::id.eq(Uuid::now_v7()),
            family_members::family_plan_id.eq(plan),
            family_members::user_id.eq(child),
            family_members::role.eq(Role::Child),
            family_members::display_name.eq(new.display_name),
            family_members::relationship.eq(new.relationship),
            family_members::guardian_user_id.eq(new.guardian),
            family_members::consent_at.eq(now.into_sql::<Nullable<Timestamptz>>()),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Writes what a patch changed.
pub(super) async fn update(connection: &mut AsyncPgConnection, before: &Member, member: &Member) -> QueryResult<()> {
    diesel::update(row(member.family_plan_id, member.user_id))
        .set((
            family_members::display_name.eq(&member.display_name),
            family_members::relationship.eq(&member.relationship),
            (member.privacy != before.privacy)
                .then(|| family_members::privacy_settings.eq(serde_json::to_value(member.privacy).ok())),
            (member.permissions != before.permissions)
                .then(|| family_members::permissions.eq(serde_json::to_value(&member.permissions).ok())),
            family_members::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Makes a member what `role` says.
pub(crate) async fn set_role(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid, role: Role) -> QueryResult<()> {
    diesel::update(row(plan, user))
        .set((family_members::role.eq(role), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Gives a member back what was taken from what their role allows: of who holds the plan nobody could.
pub(crate) async fn lift_limits(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::update(row(plan, user))
        .set((family_members::permissions.eq(None::<Value>), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Takes a member out of their seat.
pub(super) async fn unseat(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::update(row(plan, user))
        .set((family_members::is_active.eq(false), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Bans one who has no seat.
pub(super) async fn ban(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::update(row(plan, user))
        .set((family_members::banned_at.eq(now.into_sql::<Nullable<Timestamptz>>()), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Ends a ban.
pub(super) async fn unban(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::update(row(plan, user))
        .set((family_members::banned_at.eq(None::<DateTime<Utc>>), family_members::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

#[diesel::dsl::auto_type]
fn row(plan: Uuid, user: Uuid) -> _ {
    family_members::table.filter(family_members::family_plan_id.eq(plan)).filter(family_members::user_id.eq(user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_cannot_be_read_share_and_permit_nothing() {
        assert_eq!(privacy(None), Privacy::default());
        assert_eq!(privacy(Some(json!({}))), Privacy::default());
        assert_eq!(privacy(Some(json!({"share_challenges": "yes"}))), Privacy::CLOSED);
        assert_eq!(permissions(None), Permissions::default());
        assert_eq!(permissions(Some(json!({"daily_spend_limit": "much"}))), Permissions::CLOSED);
    }
}
