//! Queries of what is erased.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::board_copies;
use crate::challenges::leaderboard;
use crate::challenges::participant::CompletionStatus;
use crate::schema::{
    achievement_milestones, challenge_participants, challenge_progress, community_challenges, family_memberships, friendships,
    notification_preferences, referrals, social_achievements, users,
};

/// Deletes what a user is to others.
pub(super) async fn delete_friendships(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let own = friendships::first_user_id.eq(user).or(friendships::second_user_id.eq(user));
    diesel::delete(friendships::table.filter(own)).execute(connection).await
}

/// Has nobody answer for the children for whom a user did. The reference would see to it, but not to `updated_at`.
pub(super) async fn release_children(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    diesel::update(family_memberships::table.filter(family_memberships::guardian_user_id.eq(user)))
        .set((family_memberships::guardian_user_id.eq(None::<Uuid>), family_memberships::updated_at.eq(now)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Deletes a user's places in families.
pub(super) async fn delete_memberships(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(family_memberships::table.filter(family_memberships::user_id.eq(user))).execute(connection).await
}

/// Deletes what a user wants to be notified of.
pub(super) async fn delete_preferences(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(notification_preferences::table.find(user)).execute(connection).await
}

/// Deletes what a user has achieved, and what others are still to be told of it: of who is gone nobody is congratulated or rewarded.
pub(super) async fn delete_achievements(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let own = social_achievements::table.filter(social_achievements::user_id.eq(user));
    let ids: Vec<Uuid> = diesel::delete(own).returning(social_achievements::id).get_results(connection).await?;
    orchard_events::forget(connection, &ids).await?;
    Ok(ids.len())
}

/// Deletes what counts towards a user's achievements.
pub(super) async fn delete_milestones(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    diesel::delete(achievement_milestones::table.filter(achievement_milestones::user_id.eq(user))).execute(connection).await
}

/// Locks the challenges that a user has made or has a place in, in the order of their ids, so that nobody joins them meanwhile. Those in
/// which they have a seat.
pub(super) async fn lock_challenges(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<Vec<Uuid>> {
    let places = challenge_participants::table.filter(challenge_participants::user_id.eq(user));
    let entered: Vec<Uuid> = places.select(challenge_participants::challenge_id).load(connection).await?;
    let own = community_challenges::created_by.eq(user).assume_not_null().or(community_challenges::id.eq_any(entered));
    let _locked: Vec<Uuid> = community_challenges::table
        .filter(own)
        .select(community_challenges::id)
        .order(community_challenges::id)
        .for_update()
        .load(connection)
        .await?;
    places
        .filter(challenge_participants::completion_status.ne(CompletionStatus::Withdrawn))
        .select(challenge_participants::challenge_id)
        .load(connection)
        .await
}

/// Frees a seat of each of these challenges, which are locked.
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

/// Deletes what a user did in challenges.
pub(super) async fn delete_progress(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let places =
        challenge_participants::table.filter(challenge_participants::user_id.eq(user)).select(challenge_participants::id);
    let days = challenge_progress::table.filter(challenge_progress::challenge_participant_id.eq_any(places));
    diesel::delete(days).execute(connection).await
}

/// Deletes a user's places in challenges, on their boards, and what others are still to be told of them.
pub(super) async fn delete_participants(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let own = challenge_participants::table.filter(challenge_participants::user_id.eq(user));
    let places: Vec<(Uuid, Uuid, i32, bool)> = diesel::delete(own)
        .returning((
            challenge_participants::id,
            challenge_participants::challenge_id,
            challenge_participants::final_score,
            challenge_participants::on_board,
        ))
        .get_results(connection)
        .await?;
    for (_, challenge, score, on_board) in &places {
        board_copies::change(connection, *challenge, on_board.then_some(*score), None).await?;
    }
    let ids: Vec<Uuid> = places.into_iter().map(|(id, ..)| id).collect();
    orchard_events::forget(connection, &ids).await?;
    Ok(ids.len())
}

/// Deletes the challenges that a user has made and nobody else has a place in; they are locked.
pub(super) async fn delete_unused_challenges(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<usize> {
    let others = challenge_participants::table.filter(challenge_participants::challenge_id.eq(community_challenges::id));
    let unused = community_challenges::table.filter(community_challenges::created_by.eq(user)).filter(not(exists(others)));
    let gone: Vec<Uuid> = diesel::delete(unused).returning(community_challenges::id).get_results(connection).await?;
    leaderboard::forget(connection, &gone).await?;
    Ok(gone.len())
}

/// Whether there is anything of a user that others need.
pub(super) async fn is_referred_to(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<bool> {
    let challenges = community_challenges::table.filter(community_challenges::created_by.eq(user));
    let referrer = referrals::table.filter(referrals::referrer_id.eq(user));
    let referee = referrals::table.filter(referrals::referee_id.eq(user));
    diesel::select(exists(challenges).or(exists(referrer)).or(exists(referee))).get_result(connection).await
}

/// Makes a pseudonym known. It has no beginning: one would lead to who was erased then.
pub(super) async fn add_pseudonym(connection: &mut AsyncPgConnection, pseudonym: Uuid) -> QueryResult<()> {
    let beginning = DateTime::<Utc>::UNIX_EPOCH;
    diesel::insert_into(users::table)
        .values((users::id.eq(pseudonym), users::created_at.eq(beginning), users::updated_at.eq(beginning)))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Has the challenges of a user be a pseudonym's. What they say is known to those who take part.
pub(super) async fn repoint_challenges(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    diesel::update(community_challenges::table.filter(community_challenges::created_by.eq(user)))
        .set((community_challenges::created_by.eq(pseudonym), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await
}

/// Has the referrals of a user, and to them, be a pseudonym's, and say no more about them: whoever was referred stays so.
pub(super) async fn repoint_referrals(connection: &mut AsyncPgConnection, user: Uuid, pseudonym: Uuid) -> QueryResult<usize> {
    let blank = || referrals::metadata.eq(None::<Value>);
    let made = diesel::update(referrals::table.filter(referrals::referrer_id.eq(user)))
        .set((referrals::referrer_id.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    let taken = diesel::update(referrals::table.filter(referrals::referee_id.eq(user)))
        .set((referrals::referee_id.eq(pseudonym), blank()))
        .execute(connection)
        .await?;
    Ok(made + taken)
}
