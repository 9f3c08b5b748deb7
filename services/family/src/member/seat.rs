//! Taking seats and giving them up, in the transaction of a caller who has locked the plan.

use diesel_async::AsyncPgConnection;
use orchard_db::Failure;
use orchard_events::Outbox;
use orchard_proto::family::v1::MemberJoined;
use uuid::Uuid;

use super::store::{self, NewChild};
use super::{Member, Role, may_be_seated, wire};
use crate::error::Error;
use crate::plan::{self, Plan};
use crate::{invitation, roll};

/// Who takes a seat.
#[derive(Debug)]
pub(crate) enum Comer<'a> {
    /// Somebody by an invitation.
    Invited {
        /// As what.
        role: Role,
        /// To whoever invites.
        relationship: Option<&'a str>,
    },
    /// A child whose profile is new.
    Child(NewChild<'a>),
}

/// Gives a user a seat, if there is one for them.
pub(crate) async fn take(
    connection: &mut AsyncPgConnection,
    outbox: &Outbox,
    plan: &Plan,
    user: Uuid,
    comer: Comer<'_>,
) -> Result<(), Error> {
    may_be_seated(store::find(connection, plan.id, user).await?.as_ref())?;
    plan.admit()?;
    roll::enrol(connection, user).await?;
    let joined = match comer {
        Comer::Invited { role, relationship } => {
            let (was_added, guardian) = store::seat(connection, plan.id, user, role, relationship).await?;
            newcomer(plan.id, user, role, was_added, guardian)
        }
        Comer::Child(new) => {
            store::seat_child(connection, plan.id, user, &new).await?;
            wire::child_joined(plan.id, user, Role::Child, Some(new.guardian))
        }
    };
    let sequence = plan::store::change_seats(connection, plan.id, 1).await?;
    Ok(outbox.publish(connection, plan.id, sequence, &joined).await?)
}

/// Takes away the seat of an active member, and what came with it: what they were offered and offered to others.
pub(crate) async fn give_up(connection: &mut AsyncPgConnection, outbox: &Outbox, plan: &Plan, user: Uuid) -> Result<(), Failure> {
    store::unseat(connection, plan.id, user).await?;
    let sequence = plan::store::change_seats(connection, plan.id, -1).await?;
    outbox.publish(connection, plan.id, sequence, &wire::left(plan.id, user)).await?;
    withdraw(connection, plan, user).await?;
    Ok(invitation::store::revoke_of(connection, plan.id, user).await?)
}

/// Makes a member what `role` says; who is no admin any more is offered the plan no more.
pub(crate) async fn change_role(
    connection: &mut AsyncPgConnection,
    outbox: &Outbox,
    plan: &Plan,
    member: &Member,
    role: Role,
) -> Result<(), Failure> {
    store::set_role(connection, plan.id, member.user_id, role).await?;
    if role != Role::Admin {
        // They may not have offered as much as they did.
        invitation::store::revoke_of(connection, plan.id, member.user_id).await?;
        withdraw(connection, plan, member.user_id).await?;
    }
    let sequence = plan::store::change_seats(connection, plan.id, 0).await?;
    Ok(outbox.publish(connection, plan.id, sequence, &wire::role_changed(plan.id, member.user_id, role)).await?)
}

/// Has the plan be neither offered to a user nor paid by them, which are admins' affairs.
async fn withdraw(connection: &mut AsyncPgConnection, plan: &Plan, user: Uuid) -> Result<(), Failure> {
    let others = |of: Option<Uuid>| of.filter(|whose| *whose != user);
    let (proposed_holder, billing_account) = (others(plan.proposed_holder), others(plan.billing_account));
    if (proposed_holder, billing_account) != (plan.proposed_holder, plan.billing_account) {
        plan::store::update(connection, plan, &Plan { proposed_holder, billing_account, ..plan.clone() }).await?;
    }
    Ok(())
}

/// What is told of who has a seat: of a child that was added, whenever it comes, that it was, and who answers for it.
fn newcomer(plan: Uuid, user: Uuid, role: Role, was_added: bool, guardian: Option<Uuid>) -> MemberJoined {
    if was_added { wire::child_joined(plan, user, role, guardian) } else { wire::joined(plan, user, role) }
}

/// Tells of everyone who has a seat, as of newcomers: of a plan that comes back into use.
pub(crate) async fn announce(connection: &mut AsyncPgConnection, outbox: &Outbox, plan: Uuid) -> Result<(), Failure> {
    let members = store::seats(connection, plan).await?;
    let count = i64::try_from(members.len()).unwrap_or_default();
    let last = plan::store::next_events(connection, plan, count).await?;
    for ((user, role, was_added, guardian), sequence) in members.into_iter().zip(last - count + 1..) {
        let joined = newcomer(plan, user, role, was_added, guardian);
        outbox.publish(connection, plan, sequence, &joined).await?;
    }
    Ok(())
}
