//! Queries of finalisations.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, now};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::{DaySummary, RankCounter};
use crate::challenges::participant::{CompletionStatus, RewardsEarned};
use crate::challenges::progress::fruits;
use crate::schema::{challenge_finalisations, challenge_participants, challenge_progress, community_challenges};

/// Returns active challenges that are not finalised and whose last day is over, with that day, earliest first and after `last`, without
/// those that failed and wait.
pub(super) async fn over(
    mut connection: &AsyncPgConnection,
    moment: DateTime<Utc>,
    last: Option<(NaiveDate, Uuid)>,
    count: i64,
) -> QueryResult<Vec<(NaiveDate, Uuid)>> {
    // No challenge is as old as the default.
    let (day, id) = last.unwrap_or((NaiveDate::default(), Uuid::nil()));
    let end_date = community_challenges::end_date.assume_not_null();
    let after = end_date.gt(day).or(end_date.eq(day).and(community_challenges::id.gt(id)));
    let retry_at = challenge_finalisations::retry_at;
    community_challenges::table
        .left_join(challenge_finalisations::table)
        // No challenge is due on its last day or the day after, in any time zone.
        .filter(community_challenges::end_date.lt(moment.date_naive()))
        .filter(community_challenges::end_date.ge(day))
        .filter(after)
        .filter(community_challenges::finalised_at.is_null())
        .filter(community_challenges::is_active)
        .filter(retry_at.is_null().or(retry_at.le(moment)))
        .order((end_date, community_challenges::id))
        .limit(count)
        .select((end_date, community_challenges::id))
        .load(&mut connection)
        .await
}

/// How far the finalisation of a challenge is.
#[derive(Debug, Clone, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = challenge_finalisations, treat_none_as_null = true)]
pub(super) struct Checkpoint {
    pub(super) judged_user_id: Option<Uuid>,
    pub(super) judged_all: bool,
    pub(super) completed: i32,
    pub(super) ranked_id: Option<Uuid>,
    pub(super) ranked_score: Option<i32>,
    pub(super) ranked_position: Option<i32>,
    pub(super) ranked: i32,
}

impl Checkpoint {
    pub(super) fn ranks(&self) -> RankCounter {
        RankCounter { ranked: self.ranked, last: self.ranked_score.zip(self.ranked_position) }
    }
}

/// Begins or continues the finalisation of a challenge; `None` while another replica has it.
pub(super) async fn begin(connection: &mut AsyncPgConnection, challenge: Uuid) -> QueryResult<Option<Checkpoint>> {
    let begin = diesel::insert_into(challenge_finalisations::table).values(challenge_finalisations::challenge_id.eq(challenge));
    begin.on_conflict_do_nothing().execute(connection).await?;
    challenge_finalisations::table
        .find(challenge)
        .select(Checkpoint::as_select())
        .for_update()
        .skip_locked()
        .first(connection)
        .await
        .optional()
}

/// Saves how far the finalisation of a challenge is.
pub(super) async fn save(connection: &mut AsyncPgConnection, challenge: Uuid, checkpoint: &Checkpoint) -> QueryResult<()> {
    diesel::update(challenge_finalisations::table.find(challenge)).set(checkpoint).execute(connection).await.map(|_| ())
}

/// Lets a finalisation begin to judge again if the user whom it has judged last is erased.
pub(crate) async fn forget(connection: &mut AsyncPgConnection, user: Uuid) -> QueryResult<()> {
    let at = challenge_finalisations::table.filter(challenge_finalisations::judged_user_id.eq(user));
    let beginning = challenge_finalisations::judged_user_id.eq(None::<Uuid>);
    diesel::update(at).set(beginning).execute(connection).await.map(|_| ())
}

/// Makes the results of a challenge final.
pub(super) async fn close(connection: &mut AsyncPgConnection, challenge: Uuid, moment: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(community_challenges::table.find(challenge))
        .set((community_challenges::finalised_at.eq(moment), community_challenges::updated_at.eq(now)))
        .execute(connection)
        .await?;
    diesel::delete(challenge_finalisations::table.find(challenge)).execute(connection).await.map(|_| ())
}

/// Returns whether a challenge has active participants.
pub(super) async fn has_active(connection: &mut AsyncPgConnection, challenge: Uuid) -> QueryResult<bool> {
    let active = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active));
    diesel::select(exists(active)).get_result(connection).await
}

/// Returns the active users who are judged next, ordered by id.
pub(super) async fn next_to_judge(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    after: Option<Uuid>,
    count: i64,
) -> QueryResult<Vec<Uuid>> {
    challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::user_id.gt(after.unwrap_or_default()))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active))
        .order(challenge_participants::user_id)
        .limit(count)
        .select(challenge_participants::user_id)
        .load(connection)
        .await
}

/// Returns active seats whose own days are due, in challenges without dates, earliest first: challenge and user. Seats
/// that failed and wait are left out.
pub(super) async fn ended_seats(
    mut connection: &AsyncPgConnection,
    moment: DateTime<Utc>,
    count: i64,
) -> QueryResult<Vec<(Uuid, Uuid)>> {
    challenge_participants::table
        .inner_join(community_challenges::table)
        .filter(challenge_participants::ends_at.le(moment))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active))
        .filter(challenge_participants::retry_at.is_null().or(challenge_participants::retry_at.le(moment)))
        .filter(community_challenges::is_active)
        .order(challenge_participants::ends_at)
        .limit(count)
        .select((challenge_participants::challenge_id, challenge_participants::user_id))
        .load(&mut connection)
        .await
}

/// A participant to judge or to rank.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = challenge_participants)]
pub(super) struct Candidate {
    pub(super) id: Uuid,
    pub(super) user_id: Uuid,
    pub(super) final_score: i32,
    pub(super) completion_status: CompletionStatus,
    pub(super) rewards_earned: Option<RewardsEarned>,
}

impl Candidate {
    pub(super) fn has_completed(&self) -> bool {
        self.completion_status == CompletionStatus::Completed
    }
}

/// Returns what users have earned since a moment in challenges that users created.
pub(super) async fn earned_of_users(
    connection: &mut AsyncPgConnection,
    users: &[Uuid],
    since: DateTime<Utc>,
) -> QueryResult<Vec<(Uuid, RewardsEarned)>> {
    challenge_participants::table
        .inner_join(community_challenges::table)
        .filter(challenge_participants::user_id.eq_any(users))
        .filter(challenge_participants::completion_date.gt(since))
        .filter(community_challenges::created_by.is_not_null())
        .filter(challenge_participants::rewards_earned.is_not_null())
        .select((challenge_participants::user_id, challenge_participants::rewards_earned.assume_not_null()))
        .load(connection)
        .await
}

/// Locks the seats of those of `users` who are active.
pub(super) async fn lock_active(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    users: &[Uuid],
) -> QueryResult<Vec<Candidate>> {
    challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::user_id.eq_any(users))
        .filter(challenge_participants::completion_status.eq(CompletionStatus::Active))
        .order(challenge_participants::id)
        .select(Candidate::as_select())
        .for_no_key_update()
        .load(connection)
        .await
}

/// Returns the days of each participant, ordered by date.
pub(super) async fn days(
    connection: &mut AsyncPgConnection,
    participants: &[Uuid],
) -> QueryResult<HashMap<Uuid, Vec<DaySummary>>> {
    let rows: Vec<(Uuid, NaiveDate, i32, Value)> = challenge_progress::table
        .filter(challenge_progress::challenge_participant_id.eq_any(participants))
        .order((challenge_progress::challenge_participant_id, challenge_progress::progress_date))
        .select((
            challenge_progress::challenge_participant_id,
            challenge_progress::progress_date,
            challenge_progress::daily_score,
            challenge_progress::progress_data,
        ))
        .load(connection)
        .await?;
    let mut days: HashMap<Uuid, Vec<DaySummary>> = HashMap::new();
    for (participant, date, score, data) in rows {
        days.entry(participant).or_default().push(DaySummary { date, scored: score > 0, fruits: fruits(data) });
    }
    Ok(days)
}

orchard_db::prepared! {
    /// Writes the results of participants, and their rewards for completing.
    pub(super) struct Judge {
        ids: Vec<Uuid>,
        statuses: Vec<&'static str>,
        rewards: Vec<Option<RewardsEarned>>,
        now: DateTime<Utc>,
    } -> (SqlUuid,) = "
        UPDATE challenge_participants cp
        SET completion_status = judged.status, completion_date = ", now as Timestamptz, ",
          rewards_earned = judged.rewards, updated_at = now()
        FROM unnest(", ids as Array<SqlUuid>, ", ", statuses as Array<Text>, ", ", rewards as Array<Nullable<Jsonb>>, ")
          AS judged (id, status, rewards)
        WHERE cp.id = judged.id
        RETURNING cp.id";
}

orchard_db::prepared! {
    /// Writes the ranks of participants, and all their rewards.
    pub(super) struct Rank {
        ids: Vec<Uuid>,
        positions: Vec<i32>,
        rewards: Vec<Option<RewardsEarned>>,
    } -> (SqlUuid,) = "
        UPDATE challenge_participants cp
        SET rank_position = ranked.position, rewards_earned = ranked.rewards, updated_at = now()
        FROM unnest(", ids as Array<SqlUuid>, ", ", positions as Array<Integer>, ", ", rewards as Array<Nullable<Jsonb>>, ")
          AS ranked (id, position, rewards)
        WHERE cp.id = ranked.id
        RETURNING cp.id";
}

orchard_db::prepared! {
    /// The seats that are ranked next, with their users.
    pub(super) struct NextToRank { challenge: Uuid, score: i32, id: Uuid, count: i64 } -> (SqlUuid, SqlUuid) = "
        SELECT id, user_id FROM challenge_participants
        WHERE challenge_id = ", challenge as SqlUuid, " AND completion_status IN ('completed', 'failed')
          AND (final_score < ", score as Integer, " OR final_score = ", score as Integer, " AND id > ", id as SqlUuid, ")
        ORDER BY final_score DESC, id LIMIT ", count as BigInt, "";
}

/// Locks judged seats, and returns them in the order of ranks.
pub(super) async fn lock_judged(connection: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Candidate>> {
    let mut found: Vec<Candidate> = challenge_participants::table
        .filter(challenge_participants::id.eq_any(ids))
        .order(challenge_participants::id)
        .select(Candidate::as_select())
        .for_no_key_update()
        .load(connection)
        .await?;
    found.sort_by_key(|candidate| (std::cmp::Reverse(candidate.final_score), candidate.id));
    Ok(found)
}
