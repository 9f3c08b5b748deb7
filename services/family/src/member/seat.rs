//! Taking and giving up seats, in the transaction of a caller who has locked the plan.

use orchard_db::{Connection, Failure};
use orchard_events::Outbox;
use uuid::Uuid;

use super::{Member, MemberError, NewChild, may_be_seated, store};
use crate::error::Error;
use crate::plan::{self, Plan, events};
use crate::rights::{self, Role};
use crate::roll;

/// A user who takes a seat.
#[derive(Debug)]
pub(crate) enum NewMember<'a> {
    /// A user who accepts an invitation.
    Invited {
        /// The role that was offered.
        role: Role,
        /// The relationship to the family.
        relationship: Option<&'a str>,
    },
    /// A child whose profile is new.
    Child {
        new: &'a NewChild,
        /// The adult who adds it.
        guardian: Uuid,
    },
}

/// Gives a user a seat, if the plan and the user's history in it allow that.
pub(crate) async fn take(
    connection: &mut Connection,
    outbox: &Outbox,
    plan: &Plan,
    user: Uuid,
    new: NewMember<'_>,
) -> Result<(), Error> {
    may_be_seated(store::find(connection, plan.id, user).await?.as_ref())?;
    plan.admit()?;
    roll::enrol(connection, user).await?;
    let joined = match new {
        NewMember::Invited { role, relationship } => {
            match role {
                Role::Admin | Role::Member => rights::children::check_adult(connection, user).await?,
                Role::Child => {
                    rights::children::protect(connection, outbox, user, None).await?;
                    if plan::store::holds_any(connection, user).await? {
                        return Err(MemberError::HolderMustTransfer.into());
                    }
                }
                Role::Guest => {}
            }
            let added = store::seat(connection, plan.id, user, role, relationship).await?;
            events::joined(plan.id, user, role, added)
        }
        NewMember::Child { new, guardian } => {
            rights::children::protect(connection, outbox, user, Some(guardian)).await?;
            store::seat_child(connection, plan.id, user, new, guardian).await?;
            let added = events::AddedChild { guardian: Some(guardian) };
            events::joined(plan.id, user, Role::Child, Some(added))
        }
    };
    let sequence = plan::store::change_seats(connection, plan.id, 1).await?;
    Ok(outbox.publish(connection, plan.id, sequence, &joined).await?)
}

/// Takes away the seat of an active member, and the invitations and offers that depended on it.
pub(crate) async fn give_up(connection: &mut Connection, outbox: &Outbox, plan: &Plan, user: Uuid) -> Result<(), Failure> {
    store::unseat(connection, plan.id, user).await?;
    let sequence = plan::store::change_seats(connection, plan.id, -1).await?;
    outbox.publish(connection, plan.id, sequence, &events::left(plan.id, user)).await?;
    end_admin_duties(connection, plan, user).await?;
    Ok(store::revoke_invitations(connection, plan.id, user).await?)
}

/// Changes the role of a member, and ends what only an admin may have.
pub(crate) async fn change_role(
    connection: &mut Connection,
    outbox: &Outbox,
    plan: &Plan,
    member: &Member,
    role: Role,
) -> Result<(), Failure> {
    store::set_role(connection, plan.id, member.user_id, role).await?;
    if role != Role::Admin {
        // The member may have offered seats that their new role does not allow.
        store::revoke_invitations(connection, plan.id, member.user_id).await?;
        end_admin_duties(connection, plan, member.user_id).await?;
    }
    let sequence = plan::store::change_seats(connection, plan.id, 0).await?;
    Ok(outbox.publish(connection, plan.id, sequence, &events::role_changed(plan.id, member.user_id, role)).await?)
}

/// Ends an offer of the plan to a user, and makes the holder pay for the plan if the user did.
async fn end_admin_duties(connection: &mut Connection, plan: &Plan, user: Uuid) -> Result<(), Failure> {
    let unless_user = |id: Option<Uuid>| id.filter(|id| *id != user);
    let (proposed_holder, billing_account) = (unless_user(plan.proposed_holder), unless_user(plan.billing_account));
    if (proposed_holder, billing_account) != (plan.proposed_holder, plan.billing_account) {
        plan::store::update(connection, plan, &Plan { proposed_holder, billing_account, ..plan.clone() }).await?;
    }
    Ok(())
}
