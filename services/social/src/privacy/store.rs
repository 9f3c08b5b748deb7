//! Queries of an erasure.

pub(super) mod referrals;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::board_copies;
use crate::challenges::leaderboard;
use crate::challenges::participant::CompletionStatus;
use crate::people::friendship::Pair;
use crate::schema::{
    achievement_milestones, block_events, challenge_participants, challenge_progress, children, community_challenges,
    family_memberships, friendships, notification_preferences, social_achievements, users,
};

/// Deletes the friendships, requests and blocks of a user, and events about blocks that are not delivered yet.
pub(super) async fn delete_friendships(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let told = block_events::first_user_id.eq(user).or(block_events::second_user_id.eq(user));
    let pairs: Vec<(Uuid, Uuid)> = diesel::delete(block_events::table.filter(told))
        .returning((block_events::first_user_id, block_events::second_user_id))
        .get_results(connection)
        .await?;
    let aggregates: Vec<Uuid> = pairs.into_iter().map(|(first, second)| Pair::of(first, second).aggregate()).collect();
    orchard_events::forget(connection, &aggregates).await?;
    let own = friendships::first_user_id.eq(user).or(friendships::second_user_id.eq(user));
    diesel::delete(friendships::table.filter(own)).execute(connection).await
}

/// Deletes that a user is a child.
pub(super) async fn delete_child(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(children::table.find(user)).execute(connection).await
}

/// Removes a user as the guardian of children. The foreign key would do that as well, but would not set `updated_at`.
pub(super) async fn release_children(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    diesel::update(family_memberships::table.filter(family_memberships::guardian_user_id.eq(user)))
        .set((family_memberships::guardian_user_id.eq(None::<Uuid>), family_memberships::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Deletes a user's memberships in families.
pub(super) async fn delete_memberships(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(family_memberships::table.filter(family_memberships::user_id.eq(user))).execute(connection).await
}

/// Deletes a user's notification preferences.
pub(super) async fn delete_preferences(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(notification_preferences::table.find(user)).execute(connection).await
}

/// Deletes a user's achievements, and their events that are not delivered yet.
pub(super) async fn delete_achievements(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let own = social_achievements::table.filter(social_achievements::user_id.eq(user));
    let ids: Vec<Uuid> = diesel::delete(own).returning(social_achievements::id).get_results(connection).await?;
    orchard_events::forget(connection, &ids).await?;
    Ok(ids.len())
}

/// Deletes a user's milestones.
pub(super) async fn delete_milestones(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(achievement_milestones::table.filter(achievement_milestones::user_id.eq(user))).execute(connection).await
}

/// Locks the challenges that a user has created or joined, in the order of their ids, so that no other user joins them until the
/// transaction ends. Returns those in which the user has a seat.
pub(super) async fn lock_challenges(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let seats = challenge_participants::table.filter(challenge_participants::user_id.eq(user));
    let entered: Vec<Uuid> = seats.select(challenge_participants::challenge_id).load(connection).await?;
    let own = community_challenges::created_by.eq(user).assume_not_null().or(community_challenges::id.eq_any(entered));
    let _locked: Vec<Uuid> = community_challenges::table
        .filter(own)
        .select(community_challenges::id)
        .order(community_challenges::id)
        .for_update()
        .load(connection)
        .await?;
    seats
        .filter(challenge_participants::completion_status.ne(CompletionStatus::Withdrawn))
        .select(challenge_participants::challenge_id)
        .load(connection)
        .await
}

/// Frees a seat of each of these challenges, which must be locked.
pub(super) async fn free_seats(connection: &mut AsyncPgConnection, challenges: &[Uuid]) -> QueryResult<()> {
    diesel::update(community_challenges::table.filter(community_challenges::id.eq_any(challenges)))
        .set((
            community_challenges::participant_count.eq(community_challenges::participant_count - 1),
            community_challenges::updated_at.eq(now),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Deletes a user's progress in challenges.
pub(super) async fn delete_progress(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let seats = challenge_participants::table.filter(challenge_participants::user_id.eq(user)).select(challenge_participants::id);
    let days = challenge_progress::table.filter(challenge_progress::challenge_participant_id.eq_any(seats));
    diesel::delete(days).execute(connection).await
}

/// Deletes a user's seats in challenges, with their positions on leaderboards and their events that are not delivered yet.
pub(super) async fn delete_participants(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let own = challenge_participants::table.filter(challenge_participants::user_id.eq(user));
    let seats: Vec<(Uuid, Uuid, i32, bool)> = diesel::delete(own)
        .returning((
            challenge_participants::id,
            challenge_participants::challenge_id,
            challenge_participants::final_score,
            challenge_participants::on_board,
        ))
        .get_results(connection)
        .await?;
    for (_, challenge, score, on_board) in &seats {
        board_copies::change(connection, *challenge, on_board.then_some(*score), None).await?;
    }
    let ids: Vec<Uuid> = seats.into_iter().map(|(id, ..)| id).collect();
    orchard_events::forget(connection, &ids).await?;
    Ok(ids.len())
}

/// Deletes the challenges that a user has created and no other user has joined. They must be locked.
pub(super) async fn delete_unused_challenges(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let others = challenge_participants::table.filter(challenge_participants::challenge_id.eq(community_challenges::id));
    let unused = community_challenges::table.filter(community_challenges::created_by.eq(user)).filter(not(exists(others)));
    let gone: Vec<Uuid> = diesel::delete(unused).returning(community_challenges::id).get_results(connection).await?;
    leaderboard::forget(connection, &gone).await?;
    Ok(gone.len())
}

/// Returns whether rows that other users need, or that must be kept, name the user.
pub(super) async fn is_referred_to(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let challenges = community_challenges::table.filter(community_challenges::created_by.eq(user));
    let has_challenges: bool = diesel::select(exists(challenges)).get_result(connection).await?;
    Ok(has_challenges || referrals::are_left(connection, user).await?)
}

/// Adds a pseudonym with the credits and the group of a user. It was created at the epoch, because the time of the erasure would identify
/// the user.
pub(super) async fn add_pseudonym(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<()> {
    let beginning = DateTime::<Utc>::UNIX_EPOCH;
    let columns = (users::referral_credits_earned, users::referral_credits_redeemed, users::referral_group_id);
    let (earned, redeemed, group): (BigDecimal, BigDecimal, Option<Uuid>) =
        users::table.find(user).select(columns).first(connection).await?;
    diesel::insert_into(users::table)
        .values((
            users::id.eq(pseudonym),
            users::created_at.eq(beginning),
            users::updated_at.eq(beginning),
            users::referral_credits_earned.eq(earned),
            users::referral_credits_redeemed.eq(redeemed),
            users::referral_group_id.eq(group),
        ))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Replaces a user by a pseudonym as the creator of challenges. Their texts stay, because participants know them.
pub(super) async fn repoint_challenges(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(community_challenges::table.filter(community_challenges::created_by.eq(user)))
        .set((community_challenges::created_by.eq(pseudonym), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
}
