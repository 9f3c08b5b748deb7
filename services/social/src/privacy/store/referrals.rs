//! Queries of an erasure, of referrals and credits. The rows that are left name a pseudonym: others need them, and money rows are kept.

use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::schema::{
    credit_entries, fingerprints, orders, redemptions, referral_cases, referral_code_misses, referral_codes, referrals,
};

/// How many rows of each table name a pseudonym.
pub(in crate::privacy) type Repointed = Vec<(&'static str, usize)>;

/// Locks the orders of a user. Recording a purchase or a refund locks the order before its user, too.
pub(in crate::privacy) async fn lock_orders(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let own = orders::table.filter(orders::user_id.eq(user)).order(orders::order_id).select(orders::order_id);
    let _locked: Vec<String> = own.for_no_key_update().load(connection).await?;
    Ok(())
}

/// Deletes the codes of a user, so that nobody can claim them any more.
pub(in crate::privacy) async fn delete_codes(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(referral_codes::table.filter(referral_codes::user_id.eq(user))).execute(connection).await
}

/// Deletes how often a user has claimed codes that do not exist.
pub(in crate::privacy) async fn delete_misses(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(referral_code_misses::table.find(user)).execute(connection).await
}

/// Returns whether rows are left that name the user.
pub(super) async fn are_left(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let referred = referrals::table.filter(referrals::referrer_id.nullable().eq(user).or(referrals::referee_id.eq(user)));
    let parties = referral_cases::claimant_id.eq(user).or(referral_cases::referrer_id.eq(user));
    let cases = referral_cases::table.filter(parties.nullable().or(referral_cases::moderator_id.eq(user)));
    let are_left = exists(referred)
        .or(exists(cases))
        .or(exists(orders::table.filter(orders::user_id.eq(user))))
        .or(exists(fingerprints::table.filter(fingerprints::user_id.eq(user))))
        .or(exists(credit_entries::table.filter(credit_entries::user_id.eq(user))))
        .or(exists(redemptions::table.filter(redemptions::user_id.eq(user))));
    diesel::select(are_left).get_result(connection).await
}

/// Replaces a user by a pseudonym.
pub(in crate::privacy) async fn repoint(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    pseudonym: Uuid,
) -> QueryResult<Repointed> {
    let entries = diesel::update(credit_entries::table.filter(credit_entries::user_id.eq(user)))
        .set(credit_entries::user_id.eq(pseudonym))
        .execute(connection)
        .await?;
    Ok(vec![
        ("referrals", repoint_referrals(connection, user, pseudonym).await?),
        ("referral_cases", repoint_cases(connection, user, pseudonym).await?),
        ("orders", repoint_orders(connection, user, pseudonym).await?),
        ("fingerprints", repoint_fingerprints(connection, user, pseudonym).await?),
        ("redemptions", repoint_redemptions(connection, user, pseudonym).await?),
        ("credit_entries", entries),
    ])
}

/// Replaces a user by a pseudonym in referrals, and deletes the metadata. Other users stay referred. Rewards that the user has not been
/// credited with yet end; invitations that nobody has claimed, too.
async fn repoint_referrals(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let own = referrals::referrer_id.eq(user);
    let ids: Vec<Uuid> = referrals::table.filter(own).select(referrals::id).load(connection).await?;
    orchard_events::forget(connection, &ids).await?;
    let waits = referrals::reward_status.eq("pending").and(referrals::referee_id.is_null());
    diesel::update(referrals::table.filter(own).filter(waits.or(referrals::reward_status.eq("earned"))))
        .set((referrals::reward_status.eq("expired"), referrals::updated_at.eq(now)))
        .execute(connection)
        .await?;
    let blank = || (referrals::metadata.eq(None::<Value>), referrals::updated_at.eq(now));
    let made = diesel::update(referrals::table.filter(own))
        .set((referrals::referrer_id.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    let taken = diesel::update(referrals::table.filter(referrals::referee_id.eq(user)))
        .set((referrals::referee_id.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    Ok(made + taken)
}

/// Replaces a user by a pseudonym in cases, and deletes what they and moderators have written.
async fn repoint_cases(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let blank = || {
        let (metadata, note) = (referral_cases::metadata.eq(None::<Value>), referral_cases::note.eq(None::<String>));
        (metadata, note, referral_cases::updated_at.eq(now))
    };
    let claimed = diesel::update(referral_cases::table.filter(referral_cases::claimant_id.eq(user)))
        .set((referral_cases::claimant_id.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    let referred = diesel::update(referral_cases::table.filter(referral_cases::referrer_id.eq(user)))
        .set((referral_cases::referrer_id.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    let decided = diesel::update(referral_cases::table.filter(referral_cases::moderator_id.eq(user)))
        .set((referral_cases::moderator_id.eq(pseudonym), referral_cases::updated_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(claimed + referred + decided)
}

async fn repoint_orders(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(orders::table.filter(orders::user_id.eq(user)))
        .set((orders::user_id.eq(pseudonym), orders::updated_at.eq(now)))
        .execute(connection)
        .await
}

/// Fingerprints stay until their time, or a user could hide fraud by an erasure.
async fn repoint_fingerprints(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(fingerprints::table.filter(fingerprints::user_id.eq(user)))
        .set(fingerprints::user_id.eq(pseudonym))
        .execute(connection)
        .await
}

/// Also forgets their events that are not delivered yet. A redemption whose event is forgotten stays pending.
async fn repoint_redemptions(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let ids: Vec<Uuid> = diesel::update(redemptions::table.filter(redemptions::user_id.eq(user)))
        .set((redemptions::user_id.eq(pseudonym), redemptions::updated_at.eq(now)))
        .returning(redemptions::id)
        .get_results(connection)
        .await?;
    orchard_events::forget(connection, &ids).await?;
    Ok(ids.len())
}
