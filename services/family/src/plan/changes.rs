//! Changes of a plan, each in the transaction of its caller. The row lock of the plan orders them.

use orchard_db::Connection;
use orchard_db::idempotency::Key;
use orchard_events::Outbox;
use uuid::Uuid;

use super::store::{self, NewPlan, lock_for_member};
use super::wire::NewType;
use super::{Patch, Plan, PlanError, events};
use crate::error::Error;
use crate::rights::{self, Rights, Role};
use crate::roll;

/// A plan after a change, and the rights of the member who changed it.
type Changed = Result<(Plan, Rights), Error>;

pub(super) async fn create(connection: &mut Connection, outbox: &Outbox, key: &Key, new: &NewPlan, holder: Uuid) -> Changed {
    let (id, first) = key.claim_id(connection).await?;
    if first {
        roll::enrol(connection, holder).await?;
        rights::children::check_adult(connection, holder).await?;
        store::insert(connection, id, new, holder).await?;
        outbox.publish(connection, id, 1, &events::joined(id, holder, Role::Admin, None)).await?;
    }
    store::seen_by(connection, id, holder).await
}

pub(super) async fn update(connection: &mut Connection, id: Uuid, patch: Patch, editor: Uuid) -> Changed {
    let (plan, rights) = lock_for_member(connection, id, editor).await?;
    rights.may_manage()?;
    let changed = patch.apply(plan.clone(), &rights)?;
    let plan = store::update(connection, &plan, &changed).await?;
    Ok((store::without_blocked_offer(connection, plan, editor).await?, rights))
}

pub(super) async fn deactivate(connection: &mut Connection, outbox: &Outbox, id: Uuid, holder: Uuid) -> Changed {
    let (plan, rights) = lock_for_member(connection, id, holder).await?;
    plan.check_holder(holder)?;
    if plan.is_active {
        let sequence = store::next_events(connection, id, 1).await?;
        outbox.publish(connection, id, sequence, &events::closed(id)).await?;
    }
    let changed = Plan { is_active: false, proposed_holder: None, ..plan.clone() };
    Ok((store::update(connection, &plan, &changed).await?, rights))
}

pub(super) async fn reactivate(connection: &mut Connection, outbox: &Outbox, id: Uuid, holder: Uuid) -> Changed {
    let (plan, rights) = lock_for_member(connection, id, holder).await?;
    plan.check_holder(holder)?;
    if !plan.is_active {
        events::publish_members(connection, outbox, id).await?;
    }
    let changed = Plan { is_active: true, ..plan.clone() };
    Ok((store::update(connection, &plan, &changed).await?, rights))
}

pub(super) async fn offer(connection: &mut Connection, id: Uuid, holder: Uuid, user: Uuid) -> Changed {
    let (plan, rights) = lock_for_member(connection, id, holder).await?;
    plan.check_holder(holder)?;
    plan.may_be_offered_to(user, &rights::store::get(connection, id, user).await?)?;
    if rights::children::is_child(connection, user).await? {
        return Err(PlanError::NotAnAdmin.into());
    }
    let changed = Plan { proposed_holder: Some(user), ..plan.clone() };
    Ok((store::update(connection, &plan, &changed).await?, rights))
}

pub(super) async fn accept(connection: &mut Connection, id: Uuid, user: Uuid) -> Changed {
    let (plan, rights) = lock_for_member(connection, id, user).await?;
    let changed = if plan.is_held_by(user) {
        plan.clone()
    } else {
        store::without_blocked_offer(connection, plan.clone(), user).await?.may_be_accepted_by(user, &rights)?;
        rights::children::check_adult(connection, user).await?;
        rights::store::lift_restrictions(connection, id, user).await?;
        Plan { primary_account_holder: Some(user), proposed_holder: None, ..plan.clone() }
    };
    Ok((store::update(connection, &plan, &changed).await?, rights))
}

pub(super) async fn withdraw_offer(connection: &mut Connection, id: Uuid, user: Uuid) -> Changed {
    let (plan, rights) = lock_for_member(connection, id, user).await?;
    if store::without_blocked_offer(connection, plan.clone(), user).await?.proposed_holder != Some(user) {
        plan.check_holder(user)?;
    }
    let changed = Plan { proposed_holder: None, ..plan.clone() };
    Ok((store::update(connection, &plan, &changed).await?, rights))
}

pub(super) async fn change_type(connection: &mut Connection, new: NewType) -> Result<Plan, Error> {
    let plan = store::lock(connection, new.plan).await?.ok_or(PlanError::NotFound)?;
    let max_members = plan.fits(new.max_members)?;
    let changed = Plan { plan_type: new.plan_type, max_members, ..plan.clone() };
    Ok(store::update(connection, &plan, &changed).await?)
}
