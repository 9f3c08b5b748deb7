//! The erasure of a user.

use orchard_db::{Connection, idempotency};
use orchard_events::{Outbox, forget};
use orchard_privacy::{Receipt, roll};
use uuid::Uuid;

use super::store;
use crate::availability::next_slots;
use crate::error::Error;
use crate::session::ending::cancel_to_come;

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
    let aggregates = store::aggregates(connection, user).await?;
    forget(connection, &aggregates).await?;
    let professionals = store::blank_professional(connection, user).await?;
    let freed = cancel_to_come(connection, outbox, (&professionals, Some(user)), Some(user)).await?;
    let freed = freed + store::end_holds(connection, user, &professionals).await?;
    let entered = store::forget_entering(connection, user).await?;
    receipt.add("health_professionals", 0, professionals.len() + entered);
    receipt.add("next_slots", next_slots::delete(connection, &professionals).await?, 0);
    let mut sessions = store::blank_sessions_with(connection, &professionals).await?;
    let mut claims = 0;
    if store::has_sessions(connection, user).await? {
        let pseudonym = Uuid::new_v4();
        store::add_pseudonym(connection, pseudonym).await?;
        sessions += store::repoint_sessions(connection, user, pseudonym).await?;
        claims = store::repoint_claims(connection, user, pseudonym).await?;
    }
    receipt.add("consultation_sessions", 0, sessions);
    receipt.add("time_claims", freed, claims);
    receipt.add("users", usize::from(!is_new), 0);
    roll::strike(connection, user).await?;
    Ok(receipt)
}
