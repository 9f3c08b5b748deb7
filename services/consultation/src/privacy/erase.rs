//! The erasure of a user.

use diesel_async::AsyncPgConnection;
use orchard_db::idempotency;
use orchard_privacy::{Receipt, roll};
use uuid::Uuid;

use super::store;
use crate::availability::next_slots;
use crate::error::Error;

/// Erases a user for good. Sessions are the history of two: a pseudonym takes the client's place, and an entry without a person stays of the
/// professional. The texts and addresses go in any case.
///
/// It locks in the same order as all transactions that write: request keys, the user, the professional.
pub(super) async fn erase(connection: &mut AsyncPgConnection, user: Uuid) -> Result<Receipt, Error> {
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
    let professionals = store::blank_professional(connection, user).await?;
    let mut sessions = store::blank_sessions_with(connection, &professionals).await?;
    let freed = store::free_time(connection, user, &professionals).await?;
    let entered = store::forget_entering(connection, user).await?;
    receipt.add("health_professionals", 0, professionals.len() + entered);
    receipt.add("next_slots", next_slots::delete(connection, &professionals).await?, 0);
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
