//! The erasure of a user.

use std::collections::{BTreeMap, BTreeSet};

use orchard_db::{Connection, idempotency, moment};
use orchard_events::{Outbox, forget, withdraw};
use orchard_intents as intents;
use orchard_privacy::{Receipt, roll};
use orchard_proto::consultation::v1::{ReminderDue, SessionBooked, SessionCancelled, SessionRescheduled};
use prost::Name as _;
use uuid::Uuid;

use super::store::{self, Named};
use crate::availability::{next_slots, refresh_next_slot};
use crate::error::Error;
use crate::session::ending::{cancel_to_come, tell_again};

/// Bars a user, ends what they hold and offer, and cancels their sessions to come, while it is known which wallets the refunds belong to.
/// Returns what that has deleted, and whether no payment or refund of theirs is on its way.
///
/// It locks in the same order as [`erase`].
pub(super) async fn begin(connection: &mut Connection, outbox: &Outbox, user: Uuid) -> Result<(Receipt, bool), Error> {
    let mut receipt = Receipt::default();
    if !roll::bar(connection, user).await? {
        return Ok((receipt, true));
    }
    store::lock_professionals(connection, user).await?;
    store::lock_sessions_to_come(connection, user).await?;
    let professionals = store::close_professional(connection, user).await?;
    let freed = free_time(connection, outbox, user, &professionals).await?;
    receipt.add("time_claims", freed, 0);
    let payments = store::payments(connection, user).await?;
    Ok((receipt, !intents::any_open(connection, &payments).await?))
}

/// Cancels the sessions to come of a user, and ends holds of theirs and of these professionals, who are the user. Returns how many there were.
async fn free_time(connection: &mut Connection, outbox: &Outbox, user: Uuid, professionals: &[Uuid]) -> Result<usize, Error> {
    let cancelled = cancel_to_come(connection, outbox, professionals, Some(user)).await?;
    let holds = store::end_holds(connection, user, professionals).await?;
    let now = moment(connection).await?;
    for professional in holds.iter().collect::<BTreeSet<_>>() {
        refresh_next_slot(connection, *professional, now).await?;
    }
    Ok(cancelled + holds.len())
}

/// Erases a user for good. Sessions are the history of two: a pseudonym takes the client's place, and an entry without a person stays of the
/// professional. The texts and addresses go in any case. Sessions to come are cancelled, and the other side is told.
///
/// It locks in the same order as all transactions that write: request keys, the user, professionals in the order of their ids, sessions.
pub(super) async fn erase(connection: &mut Connection, outbox: &Outbox, user: Uuid) -> Result<Receipt, Error> {
    let mut keys = idempotency::forget(connection, user).await?;
    let is_new = roll::add(&mut &*connection, user).await?;
    if !roll::lock(connection, user).await? {
        // Another transaction has erased the user in the meantime.
        return Ok(Receipt::default());
    }
    // Keys that were written while this transaction waited for the lock.
    keys += idempotency::forget(connection, user).await?;

    let mut receipt = Receipt::default();
    receipt.add("idempotency_keys", keys, 0);
    store::lock_professionals(connection, user).await?;
    // So that no reminder of them is written meanwhile.
    store::lock_sessions_to_come(connection, user).await?;
    let cancellations = withdraw_events(connection, user).await?;
    let professionals = store::blank_professional(connection, user).await?;
    let next_slots = next_slots::delete(connection, &professionals).await?;
    let freed = free_time(connection, outbox, user, &professionals).await?;
    tell_again(connection, outbox, cancellations, user).await?;
    let entered = store::forget_entering(connection, user).await?;
    receipt.add("health_professionals", 0, professionals.len() + entered);
    receipt.add("next_slots", next_slots, 0);
    let mut sessions = store::blank_sessions_with(connection, &professionals).await?;
    let (mut claims, mut payments) = (0, 0);
    if store::has_sessions(connection, user).await? {
        let pseudonym = Uuid::new_v4();
        roll::add_pseudonym(connection, pseudonym).await?;
        sessions += store::repoint_sessions(connection, user, pseudonym).await?;
        claims = store::repoint_claims(connection, user, pseudonym).await?;
        payments = store::repoint_payments(connection, user, pseudonym).await?;
    }
    receipt.add("consultation_sessions", 0, sessions);
    receipt.add("session_payments", 0, payments);
    receipt.add("time_claims", freed, claims);
    receipt.add("users", usize::from(!is_new), 0);
    roll::strike(connection, user).await?;
    Ok(receipt)
}

/// Withdraws events that name a user. Returns which cancellations the others have not been told of.
async fn withdraw_events(connection: &mut Connection, user: Uuid) -> Result<BTreeMap<Uuid, i64>, Error> {
    let Named { own, with_them, professionals } = store::named(connection, user).await?;
    let sessions = [own.as_slice(), &with_them].concat();
    let cancellations = withdraw(connection, &sessions, &[SessionCancelled::full_name()]).await?;
    forget(connection, &[own, professionals].concat()).await?;
    // That the others have completed theirs names no professional.
    withdraw(connection, &with_them, &[SessionBooked::full_name(), SessionRescheduled::full_name(), ReminderDue::full_name()])
        .await?;
    Ok(cancellations.into_iter().collect())
}
