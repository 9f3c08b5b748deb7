//! Changes of members, each in the transaction of its caller. The row lock of the plan orders them.

use orchard_db::idempotency::Key;
use orchard_db::{Connection, Failure};
use orchard_events::Outbox;
use uuid::Uuid;

use super::seat::{self, NewMember};
use super::{Member, MemberError, NewChild, Patch, store};
use crate::error::Error;
use crate::plan::store::lock_for_member;
use crate::plan::{self, Plan, PlanError};
use crate::rights::{Permissions, Rights, RightsError, Role, children};

/// A member after a change, and the rights of the caller who changed them.
type Changed = Result<(Member, Rights), Error>;

pub(super) async fn update(connection: &mut Connection, plan: Uuid, user: Uuid, patch: Patch, editor: Uuid) -> Changed {
    let (plan, rights) = lock_for_member(connection, plan, editor).await?;
    plan.check_active()?;
    let before = active(store::get(connection, plan.id, user).await?)?;
    let member = patch.apply(before.clone(), &plan, editor, &rights)?;
    store::update(connection, &before, &member).await?;
    if member.permissions != before.permissions && member.permissions != Permissions::default() {
        // The member may have offered seats that their new permissions do not allow.
        store::revoke_invitations(connection, plan.id, member.user_id).await?;
    }
    Ok((member, rights))
}

pub(super) async fn add_child(
    connection: &mut Connection,
    outbox: &Outbox,
    key: &Key,
    plan: Uuid,
    new: &NewChild,
    guardian: Uuid,
) -> Changed {
    let (child, first) = key.claim_id(connection).await?;
    let (plan, rights) = lock_for_member(connection, plan, guardian).await?;
    if first {
        rights.may_offer(Role::Child)?;
        seat::take(connection, outbox, &plan, child, NewMember::Child { new, guardian }).await?;
    }
    Ok((store::get(connection, plan.id, child).await?, rights))
}

pub(super) async fn change_role(
    connection: &mut Connection,
    outbox: &Outbox,
    plan: Uuid,
    admin: Uuid,
    user: Uuid,
    role: Role,
) -> Changed {
    let (plan, rights, member) = lock_for_admin(connection, plan, admin, user).await?;
    plan.check_active()?;
    let member = active(member)?;
    member.may_become(role, &plan)?;
    if member.role != role {
        // An admin who changes their own role can only lose rights.
        if admin != user {
            rights.may_grant(role)?;
        }
        seat::change_role(connection, outbox, &plan, &member, role).await?;
    }
    changed(connection, &plan, admin, user, rights).await
}

/// Ends that a user is a child, and makes members of the child's seats. The caller is an adult who answers for the child: the guardian, the
/// holder of a plan in which the child is more than a guest, or an operator.
pub(super) async fn release_child(
    connection: &mut Connection,
    outbox: &Outbox,
    user: Uuid,
    caller: Uuid,
    is_operator: bool,
) -> Result<(), Error> {
    let mut plans = Vec::new();
    for id in store::plans_of(connection, user).await? {
        plans.extend(plan::store::lock(connection, id).await?);
    }
    let child = children::find(connection, user).await?.ok_or(MemberError::ChildNotFound)?;
    if store::plans_of(connection, user).await?.iter().any(|id| plans.iter().all(|plan| plan.id != *id)) {
        // Plans are locked before users.
        return Err(Failure::Conflict("the child has taken a seat meanwhile".to_owned()).into());
    }
    let mut seats = Vec::new();
    for plan in plans {
        let member = active(store::get(connection, plan.id, user).await?)?;
        seats.push((plan, member));
    }
    // Anyone can make a plan and invite a child as a guest.
    let holds = seats.iter().any(|(plan, member)| plan.is_held_by(caller) && member.role != Role::Guest);
    if !(is_operator || child.guardian == Some(caller) || holds) {
        return Err(MemberError::ChildNotFound.into());
    }
    if !is_operator && children::is_child(connection, caller).await? {
        return Err(RightsError::Child.into());
    }
    if child.is_released {
        return Ok(());
    }
    for (plan, member) in seats.into_iter().filter(|(_, member)| member.role == Role::Child) {
        if plan.is_active {
            seat::change_role(connection, outbox, &plan, &member, Role::Member).await?;
        } else {
            // Consumers know no members of an inactive plan.
            store::set_role(connection, plan.id, user, Role::Member).await?;
        }
    }
    Ok(children::release(connection, outbox, user, child).await?)
}

pub(super) async fn leave(connection: &mut Connection, outbox: &Outbox, plan: Uuid, user: Uuid) -> Result<(), Error> {
    // Not `lock_for_member`: any member may leave an inactive plan, also one who does not see it.
    let plan = plan::store::lock(connection, plan).await?.ok_or(PlanError::NotFound)?;
    let member = store::find(connection, plan.id, user).await?.filter(|member| member.is_active);
    let member = member.ok_or(PlanError::NotFound)?;
    member.may_leave(&plan)?;
    children::check_adult(connection, user).await?;
    Ok(seat::give_up(connection, outbox, &plan, user).await?)
}

pub(super) async fn remove(connection: &mut Connection, outbox: &Outbox, plan: Uuid, admin: Uuid, user: Uuid) -> Changed {
    let (plan, rights, member) = lock_for_admin(connection, plan, admin, user).await?;
    take_seat_away(connection, outbox, &plan, &member).await?;
    changed(connection, &plan, admin, user, rights).await
}

pub(super) async fn ban(connection: &mut Connection, outbox: &Outbox, plan: Uuid, admin: Uuid, user: Uuid) -> Changed {
    let (plan, rights, member) = lock_for_admin(connection, plan, admin, user).await?;
    take_seat_away(connection, outbox, &plan, &member).await?;
    if member.banned_at.is_none() {
        store::ban(connection, plan.id, user).await?;
    }
    changed(connection, &plan, admin, user, rights).await
}

pub(super) async fn unban(connection: &mut Connection, plan: Uuid, admin: Uuid, user: Uuid) -> Changed {
    let (plan, rights, member) = lock_for_admin(connection, plan, admin, user).await?;
    if member.banned_at.is_some() {
        store::unban(connection, plan.id, user).await?;
    }
    changed(connection, &plan, admin, user, rights).await
}

/// Locks the plan for one of its admins, and returns it with the admin's rights and the member whom they manage.
async fn lock_for_admin(
    connection: &mut Connection,
    plan: Uuid,
    admin: Uuid,
    user: Uuid,
) -> Result<(Plan, Rights, Member), Error> {
    let (plan, rights) = lock_for_member(connection, plan, admin).await?;
    rights.may_manage()?;
    let member = store::get(connection, plan.id, user).await?;
    Ok((plan, rights, member))
}

fn active(member: Member) -> Result<Member, RightsError> {
    if member.is_active { Ok(member) } else { Err(RightsError::MemberNotFound) }
}

async fn take_seat_away(connection: &mut Connection, outbox: &Outbox, plan: &Plan, member: &Member) -> Result<(), Error> {
    if member.is_active {
        member.may_leave(plan)?;
        seat::give_up(connection, outbox, plan, member.user_id).await?;
    }
    Ok(())
}

/// Returns the member after the change, and the caller's rights, whose role changes when they change themselves.
async fn changed(connection: &mut Connection, plan: &Plan, caller: Uuid, user: Uuid, rights: Rights) -> Changed {
    let member = store::get(connection, plan.id, user).await?;
    let rights = if caller == user { Rights { role: member.role, ..rights } } else { rights };
    Ok((member, rights))
}
