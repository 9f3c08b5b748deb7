//! Erasure of a user, in the transaction of the caller.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use diesel_async::AsyncConnection as _;
use orchard_db::{Connection, idempotency};
use orchard_events::Outbox;
use orchard_privacy::{Receipt, roll};
use uuid::Uuid;

use super::{Succession, closed, store};
use crate::error::Error;
use crate::member::{self, seat};
use crate::plan::{self, Plan, events};
use crate::rights::{self, RightsError, Role};

/// Erases a user for good: deletes the user's own rows, and replaces the user by a pseudonym in the rows that others need.
///
/// Locks are taken in the order of all writers: the keys of requests, the plans by id, and then the user's row, which every row that
/// names the user references.
pub(super) async fn erase(connection: &mut Connection, outbox: &Outbox, user: Uuid) -> Result<Receipt, Error> {
    let pseudonym = Uuid::new_v4();
    let mut keys = forget_requests(connection, user, pseudonym).await?;
    let is_new = roll::add(&mut &*connection, user).await?;
    let Some(plans) = lock(connection, user).await? else { return Ok(Receipt::default()) };
    for plan in plans {
        leave(connection, outbox, plan, user).await?;
    }
    // Again, for requests that arrived while this waited for the locks.
    keys += forget_requests(connection, user, pseudonym).await?;

    let invited = store::delete_invitations(connection, user).await?;
    let (mut invitations, mut entries, mut holds) = (0, 0, 0);
    if store::is_referred_to(connection, user).await? {
        store::add_pseudonym(connection, pseudonym).await?;
        invitations = store::repoint_invitations(connection, user, pseudonym).await?;
        entries = store::repoint_entries(connection, user, pseudonym).await?;
        holds = store::repoint_holds(connection, user, pseudonym).await?;
    }
    store::release_children(connection, user).await?;
    let wards = store::pass_children_on(connection, user).await?;
    let mut receipt = Receipt::default();
    receipt.add("children", store::delete_child(connection, user).await?, wards);
    receipt.add("idempotency_keys", keys, 0);
    receipt.add("family_members", store::delete_members(connection, user).await?, 0);
    receipt.add("family_invitations", invited, invitations);
    receipt.add("wallet_entries", 0, entries);
    receipt.add("wallet_holds", 0, holds);
    receipt.add("nutritional_intake", store::delete_intakes(connection, user).await?, 0);
    receipt.add("users", usize::from(!is_new), 0);
    roll::strike(connection, user).await?;
    Ok(receipt)
}

/// Deletes the keys of a user's requests, and replaces the user in the results of others' requests.
async fn forget_requests(connection: &mut Connection, user: Uuid, pseudonym: Uuid) -> Result<usize, Error> {
    store::repoint_answers(connection, user, pseudonym).await?;
    Ok(idempotency::forget(connection, user).await?)
}

/// Why the lock on the user's row was released again.
enum Released {
    /// The user joined another plan, or was invited to one, before the row was locked.
    AnotherPlan,
    Failed(diesel::result::Error),
}

impl From<diesel::result::Error> for Released {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error)
    }
}

/// Locks the plans that refer to a user, and then the user's row. Returns `None` if the user was erased meanwhile.
///
/// A writer who has locked a plan may wait for the user's row. So this must not wait for a plan while it holds the row: if there is another
/// plan, a savepoint releases the row first.
async fn lock(connection: &mut Connection, user: Uuid) -> Result<Option<Vec<Plan>>, Error> {
    let mut plans = BTreeMap::new();
    loop {
        for id in store::plans_of(connection, user).await? {
            if let Entry::Vacant(vacant) = plans.entry(id)
                && let Some(plan) = plan::store::lock(connection, id).await?
            {
                vacant.insert(plan);
            }
        }
        let locked: Vec<Uuid> = plans.keys().copied().collect();
        let savepoint = async move |connection: &mut Connection| {
            let exists = roll::lock(connection, user).await?;
            let all = store::plans_of(connection, user).await?;
            if all.iter().all(|id| locked.contains(id)) { Ok(exists) } else { Err(Released::AnotherPlan) }
        };
        match connection.transaction(savepoint).await {
            Ok(exists) => return Ok(exists.then(|| plans.into_values().collect())),
            Err(Released::AnotherPlan) => {}
            Err(Released::Failed(error)) => return Err(error.into()),
        }
    }
}

/// Takes a user out of a locked plan, which passes to another member if the user holds it.
async fn leave(connection: &mut Connection, outbox: &Outbox, plan: Plan, user: Uuid) -> Result<(), Error> {
    let plan = if plan.is_held_by(user) { pass_on(connection, outbox, plan, user).await? } else { plan };
    if member::store::find(connection, plan.id, user).await?.is_some_and(|member| member.is_active) {
        seat::give_up(connection, outbox, &plan, user).await?;
    }
    Ok(())
}

async fn pass_on(connection: &mut Connection, outbox: &Outbox, plan: Plan, holder: Uuid) -> Result<Plan, Error> {
    let members = plan::store::active_members(connection, plan.id).await?;
    let members: Vec<_> = members.into_iter().map(|(user, role, _)| (user, role)).collect();
    let succession = Succession::after(holder, &members);
    if let Succession::Promotes(heir) = succession {
        promote(connection, outbox, &plan, heir).await?;
    }
    let passed = match succession {
        Succession::Passes(heir) | Succession::Promotes(heir) => {
            rights::store::lift_restrictions(connection, plan.id, heir).await?;
            Plan { primary_account_holder: Some(heir), proposed_holder: None, ..plan.clone() }
        }
        Succession::Closes => {
            if plan.is_active {
                let sequence = plan::store::next_events(connection, plan.id, 1).await?;
                outbox.publish(connection, plan.id, sequence, &events::closed(plan.id)).await?;
            }
            closed(plan.clone(), members.iter().any(|(user, _)| *user != holder))
        }
    };
    Ok(plan::store::update(connection, &plan, &passed).await?)
}

async fn promote(connection: &mut Connection, outbox: &Outbox, plan: &Plan, heir: Uuid) -> Result<(), Error> {
    if !plan.is_active {
        // No event: consumers know no members of an inactive plan, and learn of all of them when it is reactivated.
        return Ok(member::store::set_role(connection, plan.id, heir, Role::Admin).await?);
    }
    let member = member::store::find(connection, plan.id, heir).await?.ok_or(RightsError::MemberNotFound)?;
    Ok(seat::change_role(connection, outbox, plan, &member, Role::Admin).await?)
}
