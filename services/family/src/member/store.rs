//! Queries of members.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use orchard_db::{Connection, row};
use serde_json::Value;
use uuid::Uuid;

use super::{Member, NewChild};
use crate::error::Error;
use crate::plan::events::AddedChild;
use crate::rights::store::{COLUMNS as RIGHTS, Row as RightsRow, permissions, privacy};
use crate::rights::{Rights, RightsError, Role};
use crate::schema::{family_invitations, family_members, family_plans};
use crate::wire::Position;

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

/// Returns the seats of users in active plans: user, plan and role.
pub(super) async fn memberships(mut connection: &Connection, users: &[Uuid]) -> QueryResult<Vec<(Uuid, Uuid, Role)>> {
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

/// Returns the plans in which a user has a seat, ordered by id.
pub(super) async fn plans_of(connection: &mut Connection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let seats = family_members::table.filter(family_members::user_id.eq(user)).filter(family_members::is_active);
    seats.order(family_members::family_plan_id).select(family_members::family_plan_id).load(connection).await
}

/// Returns the rights of an active member of an active plan.
pub(super) async fn rights(mut connection: &Connection, plan: Uuid, user: Uuid) -> QueryResult<Option<Rights>> {
    let active = member(plan, user).filter(family_members::is_active);
    let query = active.inner_join(family_plans::table).filter(family_plans::is_active).select(RIGHTS);
    Ok(query.first::<RightsRow>(&mut connection).await.optional()?.map(Rights::from))
}

/// Returns a member or former member of a plan, if there is one.
pub(crate) async fn find(mut connection: &Connection, plan: Uuid, user: Uuid) -> QueryResult<Option<Member>> {
    let query = member(plan, user).select(Row::as_select());
    Ok(query.first(&mut connection).await.optional()?.map(Row::into))
}

/// Returns a member or former member of a plan.
pub(super) async fn get(connection: &Connection, plan: Uuid, user: Uuid) -> Result<Member, Error> {
    Ok(find(connection, plan, user).await?.ok_or(RightsError::MemberNotFound)?)
}

/// Lists active or former members after the position `after`, ordered by join time.
pub(super) async fn list(
    mut connection: &Connection,
    plan: Uuid,
    is_active: bool,
    after: Option<Position>,
    count: i64,
) -> QueryResult<Vec<Member>> {
    let mut query = family_members::table
        .filter(family_members::family_plan_id.eq(plan))
        .filter(family_members::is_active.eq(is_active))
        .order((family_members::joined_at, family_members::user_id))
        .limit(count)
        .select(Row::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(row(family_members::joined_at, family_members::user_id).gt(after));
    }
    let rows: Vec<Row> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(Row::into).collect())
}

/// Gives a user the seat that was counted for them, and returns whether they are a child that was added.
///
/// A former member keeps their name, their privacy settings and their permissions.
pub(super) async fn seat(
    connection: &mut Connection,
    plan: Uuid,
    user: Uuid,
    role: Role,
    relationship: Option<&str>,
) -> QueryResult<Option<AddedChild>> {
    let (was_added, guardian) = diesel::insert_into(family_members::table)
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
            family_members::joined_at.eq(excluded(family_members::joined_at)),
            family_members::updated_at.eq(excluded(family_members::updated_at)),
        ))
        .returning((family_members::consent_at.is_not_null(), family_members::guardian_user_id))
        .get_result::<(bool, Option<Uuid>)>(connection)
        .await?;
    Ok(was_added.then_some(AddedChild { guardian }))
}

/// Gives a new child the seat that was counted for it. The guardian consents now.
pub(super) async fn seat_child(
    connection: &mut Connection,
    plan: Uuid,
    child: Uuid,
    new: &NewChild,
    guardian: Uuid,
) -> QueryResult<()> {
    diesel::insert_into(family_members::table)
        .values((
            family_members::id.eq(Uuid::now_v7()),
            family_members::family_plan_id.eq(plan),
            family_members::user_id.eq(child),
            family_members::role.eq(Role::Child),
            family_members::display_name.eq(&new.display_name),
            family_members::relationship.eq(&new.relationship),
            family_members::guardian_user_id.eq(guardian),
            family_members::consent_at.eq(now.into_sql::<Nullable<Timestamptz>>()),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Updates what a patch changes.
pub(super) async fn update(connection: &mut Connection, before: &Member, after: &Member) -> QueryResult<()> {
    let privacy =
        (after.privacy != before.privacy).then(|| family_members::privacy_settings.eq(serde_json::to_value(after.privacy).ok()));
    let permissions = (after.permissions != before.permissions)
        .then(|| family_members::permissions.eq(serde_json::to_value(&after.permissions).ok()));
    diesel::update(member(after.family_plan_id, after.user_id))
        .set((
            family_members::display_name.eq(&after.display_name),
            family_members::relationship.eq(&after.relationship),
            privacy,
            permissions,
            family_members::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Sets the role of a member.
pub(crate) async fn set_role(connection: &mut Connection, plan: Uuid, user: Uuid, role: Role) -> QueryResult<()> {
    let change = (family_members::role.eq(role), family_members::updated_at.eq(now));
    diesel::update(member(plan, user)).set(change).execute(connection).await.map(drop)
}

/// Takes the seat of a member away.
pub(super) async fn unseat(connection: &mut Connection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    let change = (family_members::is_active.eq(false), family_members::updated_at.eq(now));
    diesel::update(member(plan, user)).set(change).execute(connection).await.map(drop)
}

/// Bans a former member.
pub(super) async fn ban(connection: &mut Connection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    let time = now.into_sql::<Nullable<Timestamptz>>();
    let change = (family_members::banned_at.eq(time), family_members::updated_at.eq(now));
    diesel::update(member(plan, user)).set(change).execute(connection).await.map(drop)
}

/// Ends the ban of a former member.
pub(super) async fn unban(connection: &mut Connection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    let change = (family_members::banned_at.eq(None::<DateTime<Utc>>), family_members::updated_at.eq(now));
    diesel::update(member(plan, user)).set(change).execute(connection).await.map(drop)
}

/// Revokes the pending invitations that a user created or received, when the user loses their seat or rights.
///
/// Statuses are text here, because `invitation` uses this module.
pub(super) async fn revoke_invitations(connection: &mut Connection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    let theirs = family_invitations::invited_by.eq(user).or(family_invitations::invitee_user_id.is_not_distinct_from(user));
    let pending = family_invitations::table
        .filter(family_invitations::family_plan_id.eq(plan))
        .filter(family_invitations::status.eq("pending"))
        .filter(theirs);
    diesel::update(pending)
        .set((family_invitations::status.eq("revoked"), family_invitations::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

#[diesel::dsl::auto_type]
fn member(plan: Uuid, user: Uuid) -> _ {
    family_members::table.filter(family_members::family_plan_id.eq(plan)).filter(family_members::user_id.eq(user))
}
