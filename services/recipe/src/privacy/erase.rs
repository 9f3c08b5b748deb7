//! The erasure of a user.

use diesel_async::AsyncPgConnection;
use orchard_db::idempotency;
use orchard_privacy::{Receipt, roll};
use uuid::Uuid;

use super::store;
use crate::counters::{self, Change, Counter};
use crate::error::Error;

/// Erases a user for good: deletes their rows, and puts a pseudonym where numbers or decisions must stay. The texts go in any case.
///
/// It locks in the same order as all transactions that write: request keys, the user, recipes in the order of their ids, reviews.
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
    store::lock_recipes(connection, user).await?;
    let recipes = store::delete_recipes(connection, user).await?;
    orchard_events::forget(connection, &recipes).await?;
    receipt.add("user_recipes", recipes.len(), 0);
    let favourites = store::delete_favourites(connection, user).await?;
    let fewer: Vec<_> = favourites.iter().map(|recipe| (*recipe, Counter::Favourites, Change::Down)).collect();
    counters::change(connection, &fewer).await?;
    receipt.add("favourite_recipes", favourites.len(), 0);
    if store::is_referred_to(connection, user).await? {
        let pseudonym = Uuid::new_v4();
        roll::add_pseudonym(connection, pseudonym).await?;
        receipt.add("recipe_reviews", 0, store::repoint_reviews(connection, user, pseudonym).await?);
        receipt.add("review_helpful_votes", 0, store::repoint_votes(connection, user, pseudonym).await?);
        receipt.add("recipe_reports", 0, store::repoint_reports(connection, user, pseudonym).await?);
        receipt.add("moderation_decisions", 0, store::repoint_decisions(connection, user, pseudonym).await?);
    }
    receipt.add("users", usize::from(!is_new), 0);
    roll::strike(connection, user).await?;
    Ok(receipt)
}
