//! Events of a plan, which is their aggregate.

use diesel::QueryResult;
use orchard_db::Connection;
use orchard_events::Outbox;
use orchard_proto::family::v1 as pb;
use uuid::Uuid;

use super::store;
use crate::rights::Role;
use crate::wire::id_text;

/// A child that an adult added to the family, with a new profile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AddedChild {
    /// The adult who answers for the child, until they are erased.
    pub(crate) guardian: Option<Uuid>,
}

/// Returns the event of a user who has taken a seat.
pub(crate) fn joined(plan: Uuid, user: Uuid, role: Role, added: Option<AddedChild>) -> pb::MemberJoined {
    pb::MemberJoined {
        family_plan_id: plan.to_string(),
        user_id: user.to_string(),
        role: role.into(),
        guardian_user_id: id_text(added.and_then(|child| child.guardian)),
        was_added: added.is_some(),
    }
}

/// Returns the event of a user who has lost their seat.
pub(crate) fn left(plan: Uuid, user: Uuid) -> pb::MemberLeft {
    pb::MemberLeft { family_plan_id: plan.to_string(), user_id: user.to_string() }
}

/// Returns the event of a member whose role has changed.
pub(crate) fn role_changed(plan: Uuid, user: Uuid, role: Role) -> pb::RoleChanged {
    pb::RoleChanged { family_plan_id: plan.to_string(), user_id: user.to_string(), role: role.into() }
}

/// Returns the event of a plan that is no longer active.
pub(crate) fn closed(plan: Uuid) -> pb::PlanClosed {
    pb::PlanClosed { family_plan_id: plan.to_string() }
}

/// Publishes [`joined`] for every active member of a plan that is being reactivated.
pub(super) async fn publish_members(connection: &mut Connection, outbox: &Outbox, plan: Uuid) -> QueryResult<()> {
    let members = store::active_members(connection, plan).await?;
    let count = i64::try_from(members.len()).unwrap_or_default();
    let last = store::next_events(connection, plan, count).await?;
    for ((user, role, added), sequence) in members.into_iter().zip(last - count + 1..) {
        outbox.publish(connection, plan, sequence, &joined(plan, user, role, added)).await?;
    }
    Ok(())
}
