//! The erasure of a user.

use diesel_async::AsyncPgConnection;
use orchard_db::idempotency;
use orchard_privacy::{Receipt, roll};
use uuid::Uuid;

use super::store;
use crate::challenges::finalisation;
use crate::error::Error;

/// Erases a user for good: deletes their rows, and puts a pseudonym into rows that other users need.
///
/// It locks in the same order as all transactions that write: request keys, orders, the user, challenges in the order of their ids.
pub(super) async fn erase(connection: &mut AsyncPgConnection, user: Uuid) -> Result<Receipt, Error> {
    let mut keys = idempotency::forget(connection, user).await?;
    store::referrals::lock_orders(connection, user).await?;
    let is_new = roll::add(&mut &*connection, user).await?;
    if !roll::lock(connection, user).await? {
        // Another transaction has erased the user in the meantime.
        return Ok(Receipt::default());
    }
    // Keys that were written while this transaction waited for the lock.
    keys += idempotency::forget(connection, user).await?;

    let mut receipt = Receipt::default();
    receipt.add("idempotency_keys", keys, 0);
    receipt.add("friendships", store::delete_friendships(connection, user).await?, 0);
    store::release_children(connection, user).await?;
    receipt.add("children", store::delete_child(connection, user).await?, 0);
    receipt.add("family_memberships", store::delete_memberships(connection, user).await?, 0);
    receipt.add("notification_preferences", store::delete_preferences(connection, user).await?, 0);
    receipt.add("social_achievements", store::delete_achievements(connection, user).await?, 0);
    receipt.add("achievement_milestones", store::delete_milestones(connection, user).await?, 0);

    let seats = store::lock_challenges(connection, user).await?;
    store::free_seats(connection, &seats).await?;
    finalisation::forget(connection, user).await?;
    receipt.add("challenge_progress", store::delete_progress(connection, user).await?, 0);
    receipt.add("challenge_participants", store::delete_participants(connection, user).await?, 0);
    let unused = store::delete_unused_challenges(connection, user).await?;
    let (mut challenges, mut referrals) = (0, store::referrals::Repointed::default());
    if store::is_referred_to(connection, user).await? {
        let pseudonym = Uuid::new_v4();
        store::add_pseudonym(connection, user, pseudonym).await?;
        challenges = store::repoint_challenges(connection, user, pseudonym).await?;
        referrals = store::referrals::repoint(connection, user, pseudonym).await?;
    }
    receipt.add("referral_codes", store::referrals::delete_codes(connection, user).await?, 0);
    receipt.add("referral_code_misses", store::referrals::delete_misses(connection, user).await?, 0);
    receipt.add("community_challenges", unused, challenges);
    for (table, rows) in referrals {
        receipt.add(table, 0, rows);
    }
    receipt.add("users", usize::from(!is_new), 0);
    roll::strike(connection, user).await?;
    Ok(receipt)
}
