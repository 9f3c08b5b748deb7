//! Queries of invitations.

use chrono::{DateTime, Utc};
use diesel::dsl::{IntervalDsl as _, exists, not, now};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use orchard_db::{Connection, row};
use uuid::Uuid;

use super::{Invitation, InvitationError, InvitationStatus, Locator, NewInvitation, pause};
use crate::error::Error;
use crate::member::MemberError;
use crate::rights::Role;
use crate::schema::{family_invitations, family_plans, invitation_declines, user_blocks};
use crate::wire::Position;

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
    declined_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = family_invitations::expires_at.le(now))]
    is_over: bool,
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
            status: if row.is_over && row.status == InvitationStatus::Pending { InvitationStatus::Expired } else { row.status },
            accepted_by: row.accepted_by,
            expires_at: row.expires_at,
            created_at: row.created_at,
            declined_at: row.declined_at,
        }
    }
}

/// Revokes an expired invitation of a user, so that they can be invited again.
pub(super) async fn revoke_expired(connection: &mut Connection, plan: Uuid, invitee: Uuid) -> QueryResult<()> {
    let expired = family_invitations::table
        .filter(family_invitations::family_plan_id.eq(plan))
        .filter(family_invitations::invitee_user_id.eq(invitee))
        .filter(family_invitations::status.eq(InvitationStatus::Pending))
        .filter(family_invitations::expires_at.le(now));
    diesel::update(expired)
        .set((family_invitations::status.eq(InvitationStatus::Revoked), family_invitations::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(drop)
}

/// Counts the invitations of a plan that can still be accepted.
pub(super) async fn count_pending(connection: &mut Connection, plan: Uuid) -> QueryResult<i64> {
    family_invitations::table
        .filter(family_invitations::family_plan_id.eq(plan))
        .filter(family_invitations::status.eq(InvitationStatus::Pending))
        .filter(family_invitations::expires_at.gt(now))
        .count()
        .get_result(connection)
        .await
}

/// Inserts an invitation. A user has at most one pending invitation to a plan.
pub(super) async fn insert(
    connection: &mut Connection,
    id: Uuid,
    inviter: Uuid,
    new: &NewInvitation,
    token_hash: Option<&[u8]>,
) -> Result<(), Error> {
    let shown_from = if let Some(invitee) = new.invitee { shown_from(connection, inviter, invitee).await? } else { None };
    let ttl = i32::try_from(new.ttl.as_secs()).unwrap_or(i32::MAX);
    diesel::insert_into(family_invitations::table)
        .values((
            family_invitations::id.eq(id),
            family_invitations::family_plan_id.eq(new.plan),
            family_invitations::invited_by.eq(inviter),
            family_invitations::invitee_user_id.eq(new.invitee),
            family_invitations::token_hash.eq(token_hash),
            family_invitations::role.eq(new.role),
            family_invitations::relationship.eq(&new.relationship),
            family_invitations::shown_from.eq(shown_from),
            family_invitations::expires_at.eq(now.into_sql::<Timestamptz>() + ttl.seconds()),
        ))
        .execute(connection)
        .await
        .map(drop)
        .map_err(Error::on("family_invitations_pending_key", MemberError::AlreadyMember))
}

/// Returns when the invitee sees the next invitation of an inviter; `None` for at once.
async fn shown_from(connection: &mut Connection, inviter: Uuid, invitee: Uuid) -> QueryResult<Option<DateTime<Utc>>> {
    let declined: Option<(i32, DateTime<Utc>)> = invitation_declines::table
        .find((inviter, invitee))
        .select((invitation_declines::declines, invitation_declines::declined_at))
        .first(connection)
        .await
        .optional()?;
    Ok(declined.map(|(declines, last)| last + pause(declines)))
}

/// Returns an invitation by its id, for the plan that created it.
pub(super) async fn get(connection: &mut Connection, id: Uuid) -> Result<Invitation, Error> {
    let query = family_invitations::table.find(id).select(Row::as_select());
    Ok(query.first(connection).await.optional()?.ok_or(InvitationError::NotFound)?.into())
}

/// Returns the id and the plan of an invitation that `user` may answer.
pub(super) async fn locate(connection: &mut Connection, locator: &Locator, user: Uuid) -> Result<(Uuid, Uuid), Error> {
    let ids = (family_invitations::id, family_invitations::family_plan_id);
    let query = family_invitations::table.select(ids).into_boxed();
    let query = match locator {
        Locator::Id(id) => query
            .filter(family_invitations::id.eq(*id))
            .filter(family_invitations::invitee_user_id.eq(user))
            .filter(reaches(user)),
        Locator::TokenHash(hash) => query.filter(family_invitations::token_hash.eq(hash)),
    };
    Ok(query.first(connection).await.optional()?.ok_or(InvitationError::NotFound)?)
}

/// Locks and returns an invitation of a plan, so that it is not answered before the transaction ends.
pub(super) async fn lock(connection: &mut Connection, id: Uuid, plan: Uuid) -> Result<Invitation, Error> {
    let invitation = family_invitations::table.find(id).filter(family_invitations::family_plan_id.eq(plan));
    let locked = invitation.select(Row::as_select()).for_no_key_update().first(connection).await.optional()?;
    Ok(locked.ok_or(InvitationError::NotFound)?.into())
}

/// Marks a locked invitation as accepted by a user.
pub(super) async fn accept(connection: &mut Connection, id: Uuid, user: Uuid) -> QueryResult<()> {
    diesel::update(family_invitations::table.find(id))
        .set((
            family_invitations::status.eq(InvitationStatus::Accepted),
            family_invitations::accepted_by.eq(user),
            family_invitations::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Marks a locked invitation as declined, and counts that for the next one of the same inviter.
pub(super) async fn decline(connection: &mut Connection, invitation: &Invitation, invitee: Uuid) -> QueryResult<Invitation> {
    use invitation_declines as of;

    let declined: Row = diesel::update(family_invitations::table.find(invitation.id))
        .set((family_invitations::declined_at.eq(now), family_invitations::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await?;
    let moment = declined.declined_at.unwrap_or_default();
    diesel::insert_into(of::table)
        .values((of::inviter_user_id.eq(invitation.invited_by), of::invitee_user_id.eq(invitee), of::declined_at.eq(moment)))
        .on_conflict((of::inviter_user_id, of::invitee_user_id))
        .do_update()
        .set((of::declines.eq(of::declines + 1), of::declined_at.eq(moment)))
        .execute(connection)
        .await?;
    Ok(declined.into())
}

/// Ends a locked invitation that was not accepted.
pub(super) async fn end(connection: &mut Connection, id: Uuid, status: InvitationStatus) -> QueryResult<Invitation> {
    diesel::update(family_invitations::table.find(id))
        .set((family_invitations::status.eq(status), family_invitations::updated_at.eq(now)))
        .returning(Row::as_returning())
        .get_result(connection)
        .await
        .map(Row::into)
}

/// Whether an invitation is one that its invitee `user` sees, or has seen: it does not wait, and they have not blocked who sent it.
#[diesel::dsl::auto_type(no_type_alias)]
fn reaches(user: Uuid) -> _ {
    let is_shown = family_invitations::shown_from.is_null().or(family_invitations::shown_from.le(now));
    let blocks = user_blocks::table
        .filter(user_blocks::blocker_user_id.eq(user))
        .filter(user_blocks::blocked_user_id.eq(family_invitations::invited_by));
    is_shown.and(not(exists(blocks)))
}

/// The invitations to list.
#[derive(Debug, Clone, Copy)]
pub(super) enum Filter {
    /// The invitations of a plan.
    Plan(Uuid),
    /// The invitations that name a user and lead to an active plan.
    Invitee(Uuid),
}

/// Lists invitations that can still be accepted, with the family names of their plans, after the position `after`, newest first.
pub(super) async fn list(
    mut connection: &Connection,
    filter: Filter,
    after: Option<Position>,
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
    let mut query = match filter {
        Filter::Plan(plan) => query.filter(family_invitations::family_plan_id.eq(plan)),
        Filter::Invitee(user) => query
            .filter(family_invitations::invitee_user_id.eq(user))
            .filter(family_invitations::declined_at.is_null())
            .filter(reaches(user))
            .filter(family_plans::is_active),
    };
    if let Some(after) = after {
        query = query.filter(row(family_invitations::created_at, family_invitations::id).lt(after));
    }
    let rows: Vec<(Row, String)> = query.load(&mut connection).await?;
    Ok(rows.into_iter().map(|(row, family_name)| (row.into(), family_name)).collect())
}
