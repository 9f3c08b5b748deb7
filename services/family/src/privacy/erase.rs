//! Erasing, in the transaction of a caller.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use orchard_db::idempotency;
use orchard_events::Outbox;
use orchard_privacy::{Receipt, roll};
use uuid::Uuid;

use super::{Succession, closed, store};
use crate::error::Error;
use crate::member::MemberError;
use crate::member::{self, Role};
use crate::plan::{self, Plan};

/// Erases a user: their own rows are deleted, what others need names a pseudonym, and they do not come back.
///
/// Locks are taken in the order in which all writers take them: the keys of requests, the plans, in the order of their ids, and only then
/// the user's place on the roll, which every row that refers to them needs.
pub(super) async fn erase(connection: &mut AsyncPgConnection, outbox: &Outbox, user: Uuid) -> Result<Receipt, Error> {
    let pseudonym = Uuid::new_v4();
    let mut keys = forget(connection, user, pseudonym).await?;
    let is_new = roll::add(&mut &*connection, user).await?;
    let Some(plans) = hold(connection, user).await? else { return Ok(Receipt::default()) };
    for plan in plans {
        leave(connection, outbox, plan, user).await?;
    }
    // Those that came while the locks were waited for.
    keys += forget(connection, user, pseudonym).await?;

    let invited = store::delete_invitations(connection, user).await?;
    let (mut invitations, mut entries, mut holds) = (0, 0, 0);
    if store::is_referred_to(connection, user).await? {
        store::add_pseudonym(connection, pseudonym).await?;
        invitations = store::repoint_invitations(connection, user, pseudonym).await?;
        entries = store::repoint_entries(connection, user, pseudonym).await?;
        holds = store::repoint_holds(connection, user, pseudonym).await?;
    }
    store::release_children(connection, user).await?;
    let mut receipt = Receipt::default();
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

/// Deletes the keys of a user's requests, and takes the user out of the answers to others'.
async fn forget(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> Result<usize, Error> {
    store::repoint_answers(connection, user, pseudonym).await?;
    Ok(idempotency::forget(connection, user).await?)
}

/// Why a place on the roll is let go of.
enum LetGo {
    /// The user has come into another plan before the place was locked.
    AnotherPlan,
    Failed(diesel::result::Error),
}

impl From<diesel::result::Error> for LetGo {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error)
    }
}

/// Locks the plans that have to do with a user, and then their place on the roll; nothing, when somebody else has erased them meanwhile.
///
/// Who has locked a plan may wait for the place, for whoever refers to it needs it. So nobody who has the place waits for a plan: when there
/// is another one, the place is let go of first.
async fn hold(connection: &mut AsyncPgConnection, user: Uuid) -> Result<Option<Vec<Plan>>, Error> {
    let mut plans = BTreeMap::new();
    loop {
        for id in store::plans_of(connection, user).await? {
            if let Entry::Vacant(place) = plans.entry(id)
                && let Some(plan) = plan::store::lock(connection, id).await?
            {
                place.insert(plan);
            }
        }
        let locked: Vec<Uuid> = plans.keys().copied().collect();
        let savepoint = async move |connection: &mut AsyncPgConnection| {
            let is_there = roll::lock(connection, user).await?;
            let all = store::plans_of(connection, user).await?;
            if all.iter().all(|id| locked.contains(id)) { Ok(is_there) } else { Err(LetGo::AnotherPlan) }
        };
        match connection.transaction(savepoint).await {
            Ok(is_there) => return Ok(is_there.then(|| plans.into_values().collect())),
            Err(LetGo::AnotherPlan) => {}
            Err(LetGo::Failed(error)) => return Err(error.into()),
        }
    }
}

/// Takes a user out of a plan that is locked, which passes to another if they hold it.
async fn leave(connection: &mut AsyncPgConnection, outbox: &Outbox, plan: Plan, user: Uuid) -> Result<(), Error> {
    let plan = if plan.is_held_by(user) { pass_on(connection, outbox, plan, user).await? } else { plan };
    if member::store::find(connection, plan.id, user).await?.is_some_and(|member| member.is_active) {
        member::seat::give_up(connection, outbox, &plan, user).await?;
    }
    Ok(())
}

async fn pass_on(connection: &mut AsyncPgConnection, outbox: &Outbox, plan: Plan, holder: Uuid) -> Result<Plan, Error> {
    let members = member::store::active(connection, plan.id).await?;
    let passed = match Succession::from(holder, &members) {
        Succession::Passes(heir) => {
            member::store::lift_limits(connection, plan.id, heir).await?;
            Plan { primary_account_holder: Some(heir), proposed_holder: None, ..plan.clone() }
        }
        Succession::Promotes(heir) => {
            promote(connection, outbox, &plan, heir).await?;
            member::store::lift_limits(connection, plan.id, heir).await?;
            Plan { primary_account_holder: Some(heir), proposed_holder: None, ..plan.clone() }
        }
        Succession::Closes => {
            if plan.is_active {
                let sequence = plan::store::next_events(connection, plan.id, 1).await?;
                outbox.publish(connection, plan.id, sequence, &plan::wire::closed(plan.id)).await?;
            }
            closed(plan.clone(), members.iter().any(|(user, _)| *user != holder))
        }
    };
    Ok(plan::store::update(connection, &plan, &passed).await?)
}

async fn promote(connection: &mut AsyncPgConnection, outbox: &Outbox, plan: &Plan, heir: Uuid) -> Result<(), Error> {
    if !plan.is_active {
        // Others know of no members of a plan that is closed; they are told of all when it comes back into use.
        return Ok(member::store::set_role(connection, plan.id, heir, Role::Admin).await?);
    }
    let member = member::store::find(connection, plan.id, heir).await?.ok_or_else(|| Error::from(MemberError::NotFound))?;
    Ok(member::seat::change_role(connection, outbox, plan, &member, Role::Admin).await?)
}
