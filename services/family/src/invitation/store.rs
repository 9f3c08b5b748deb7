//! Queries of invitations.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::{IntervalDsl as _, now};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Invitation, InvitationStatus, Name};
use crate::member::Role;
use crate::schema::{family_invitations, family_plans};

orchard_db::text_column!(InvitationStatus);

#[derive(Queryable, Selectable)]
#[diesel(table_name = family_invitations)]
struct Row {
    id: Uuid,
    family_plan_id: Uuid,
    invited_by: Uuid,
    invitee_user_id: Option<Uuid>,
    role: Role,
    relationship: Option<String>,
    status: InvitationStatus,
    accepted_by: Option<Uuid>,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Invitation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            family_plan_id: row.family_plan_id,
            invited_by: row.invited_by,
            invitee_user_id: row.invitee_user_id,
            role: row.role,
            relationship: row.relationship,
            status: row.status,
            accepted_by: row.accepted_by,
            expires_at: row.expires_at,
            created_at: row.created_at,
        }
    }
}

/// An invitation to write.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) id: Uuid,
    pub(super) plan: Uuid,
    pub(super) invited_by: Uuid,
    pub(super) invitee: Option<Uuid>,
    pub(super) token_hash: Option<&'a [u8]>,
    pub(super) role: Role,
    pub(super) relationship: Option<&'a str>,
    pub(super) ttl: Duration,
}

/// Takes back what was offered to a user and has expired, so that they can be invited again.
pub(super) async fn revoke_expired(connection: &mut AsyncPgConnection, plan: Uuid, invitee: Uuid) -> QueryResult<()> {
    let stale = family_invitations::table
        .filter(family_invitations::family_plan_id.eq(plan))
        .filter(family_invitations::invitee_user_id.eq(invitee))
        .filter(family_invitations::status.eq(InvitationStatus::Pending))
        .filter(family_invitations::expires_at.le(now));
    diesel::update(stale)
        .set((family_invitations::status.eq(InvitationStatus::Revoked), family_invitations::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Takes back what was offered to a user and by them, when they lose their seat.
pub(crate) async fn revoke_of(connection: &mut AsyncPgConnection, plan: Uuid, user: Uuid) -> QueryResult<()> {
    let theirs = family_invitations::invited_by.eq(user).or(family_invitations::invitee_user_id.is_not_distinct_from(user));
    let pending = family_invitations::table
        .filter(family_invitations::family_plan_id.eq(plan))
        .filter(family_invitations::status.eq(InvitationStatus::Pending))
        .filter(theirs);
    diesel::update(pending)
        .set((family_invitations::status.eq(InvitationStatus::Revoked), family_invitations::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Invitations of a plan that can still be accepted.
pub(super) async fn count_pending(connection: &mut AsyncPgConnection, plan: Uuid) -> QueryResult<i64> {
    family_invitations::table
        .filter(family_invitations::family_plan_id.eq(plan))
        .filter(family_invitations::status.eq(InvitationStatus::Pending))
        .filter(family_invitations::expires_at.gt(now))
        .count()
        .get_result(connection)
        .await
}

/// Writes a new invitation.
pub(super) async fn insert(connection: &mut AsyncPgConnection, new: NewRow<'_>) -> QueryResult<()> {
    let ttl = i32::try_from(new.ttl.as_secs()).unwrap_or(i32::MAX);
    diesel::insert_into(family_invitations::table)
        .values((
            family_invitations::id.eq(new.id),
            family_invitations::family_plan_id.eq(new.plan),
            family_invitations::invited_by.eq(new.invited_by),
            family_invitations::invitee_user_id.eq(new.invitee),
            family_invitations::token_hash.eq(new.token_hash),
            family_invitations::role.eq(new.role),
            family_invitations::relationship.eq(new.relationship),
            family_invitations::expires_at.eq(now.into_sql::<Timestamptz>() + ttl.seconds()),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// An invitation by its id, for the plan that made it.
pub(super) async fn get(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Invitation>> {
    family_invitations::table
        .find(id)
        .select(Row::as_select())
        .first(connection)
        .await
        .optional()
        .map(|found| found.map(Row::into))
}

/// The plan of an invitation that `user` may answer.
pub(super) async fn plan_of(connection: &mut AsyncPgConnection, name: &Name, user: Uuid) -> QueryResult<Option<(Uuid, Uuid)>> {
    let ids = (family_invitations::id, family_invitations::family_plan_id);
    let query = family_invitations::table.select(ids).into_boxed();
    let query = match name {
        Name::Id(id) => query.filter(family_invitations::id.eq(*id)).filter(family_invitations::invitee_user_id.eq(user)),
        Name::TokenHash(hash) => query.filter(family_invitations::token_hash.eq(hash)),
    };
    query.first(connection).await.optional()
}

/// An invitation of a plan, and whether it has expired; nobody else answers it before the transaction ends.
pub(super) async fn lock(connection: &mut AsyncPgConnection, id: Uuid, plan: Uuid) -> QueryResult<Option<(Invitation, bool)>> {
    family_invitations::table
        .find(id)
        .filter(family_invitations::family_plan_id.eq(plan))
        .select((Row::as_select(), family_invitations::expires_at.le(now)))
        .for_no_key_update()
        .first::<(Row, bool)>(connection)
        .await
        .optional()
        .map(|found| found.map(|(row, expired)| (row.into(), expired)))
}

/// Marks an invitation as accepted.
pub(super) async fn accept(connection: &mut AsyncPgConnection, id: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::update(family_invitations::table.find(id))
        .set((
            family_invitations::status.eq(InvitationStatus::Accepted),
            family_invitations::accepted_by.eq(user),
            family_invitations::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Ends an invitation that is locked and nobody has accepted.
pub(super) async fn end(connection: &mut AsyncPgConnection, id: Uuid, status: InvitationStatus) -> QueryResult<Invitation> {
    diesel::update(family_invitations::table.find(id))
        .set((family_invitations::status.eq(status), family_invitations::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Whose invitations to list.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose {
    /// Those of a plan.
    Plan(Uuid),
    /// Those for a user by name, into plans in use.
    Invitee(Uuid),
}

/// Invitations that can still be accepted, newest first, with the names of their plans, behind the one named by `after`.
pub(super) async fn list(
    mut connection: &AsyncPgConnection,
    whose: Whose,
    after: Option<(DateTime<Utc>, Uuid)>,
    count: i64,
) -> QueryResult<Vec<(Invitation, String)>> {
    let query = family_invitations::table
        .inner_join(family_plans::table)
        .filter(family_invitations::status.eq(InvitationStatus::Pending))
        .filter(family_invitations::expires_at.gt(now))
        .order((family_invitations::created_at.desc(), family_invitations::id.desc()))
        .limit(count)
        .select((Row::as_select(), family_plans::family_name))
        .into_boxed();
    let mut query = match whose {
        Whose::Plan(plan) => query.filter(family_invitations::family_plan_id.eq(plan)),
        Whose::Invitee(user) => query.filter(family_invitations::invitee_user_id.eq(user)).filter(family_plans::is_active),
    };
    if let Some((created_at, id)) = after {
        let earlier = family_invitations::created_at.lt(created_at);
        let same = family_invitations::created_at.eq(created_at).and(family_invitations::id.lt(id));
        query = query.filter(earlier.or(same));
    }
    let rows: Vec<(Row, String)> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(row, family_name)| (row.into(), family_name)).collect())
}
