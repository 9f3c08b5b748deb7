//! Queries of finalisations that failed, and of what is left to do.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::challenges::participant::CompletionStatus;
use crate::schema::{challenge_finalisations, challenge_participants, community_challenges};

/// Wait after the first failure, which doubles with each, and the longest wait.
const WAIT: (TimeDelta, TimeDelta) = (TimeDelta::seconds(1), TimeDelta::hours(1));

/// Returns how long to wait after a number of failures.
fn wait(failures: i32) -> TimeDelta {
    let doubled = 2_i32.saturating_pow(failures.saturating_sub(1).cast_unsigned());
    WAIT.0.checked_mul(doubled).unwrap_or(WAIT.1).min(WAIT.1)
}

/// Counts a failed attempt to finalise a challenge, and sets when to try again.
pub(super) async fn postpone(connection: &mut AsyncPgConnection, challenge: Uuid, now: DateTime<Utc>) -> QueryResult<()> {
    let begin = diesel::insert_into(challenge_finalisations::table).values(challenge_finalisations::challenge_id.eq(challenge));
    begin.on_conflict_do_nothing().execute(connection).await?;
    let row = challenge_finalisations::table.find(challenge);
    let failures: i32 = row.select(challenge_finalisations::failures).for_update().first(connection).await?;
    let failures = failures.saturating_add(1);
    let set = (challenge_finalisations::failures.eq(failures), challenge_finalisations::retry_at.eq(now + wait(failures)));
    diesel::update(row).set(set).execute(connection).await.map(|_| ())
}

/// Counts a failed attempt to finalise the seat of a user, and sets when to try again.
pub(super) async fn postpone_seat(
    connection: &mut AsyncPgConnection,
    challenge: Uuid,
    user: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let row = challenge_participants::table
        .filter(challenge_participants::challenge_id.eq(challenge))
        .filter(challenge_participants::user_id.eq(user));
    let failures: Option<i32> =
        row.select(challenge_participants::failures).for_no_key_update().first(connection).await.optional()?;
    // The user may have been erased meanwhile.
    let Some(failures) = failures.map(|failures| failures.saturating_add(1)) else { return Ok(()) };
    let set = (
        challenge_participants::failures.eq(failures),
        challenge_participants::retry_at.eq(now + wait(failures)),
        challenge_participants::updated_at.eq(dsl::now),
    );
    diesel::update(row).set(set).execute(connection).await.map(|_| ())
}

/// What is over and not finalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Backlog {
    pub(super) challenges: i64,
    pub(super) seats: i64,
    pub(super) failing_challenges: i64,
    pub(super) failing_seats: i64,
}

/// Counts what is over and not finalised.
pub(super) async fn backlog(mut connection: &AsyncPgConnection, now: DateTime<Utc>) -> QueryResult<Backlog> {
    let challenges = || {
        community_challenges::table
            .left_join(challenge_finalisations::table)
            .filter(community_challenges::end_date.lt(now.date_naive()))
            .filter(community_challenges::finalised_at.is_null())
            .filter(community_challenges::is_active)
    };
    let seats = || {
        challenge_participants::table
            .inner_join(community_challenges::table)
            .filter(challenge_participants::ends_at.le(now))
            .filter(challenge_participants::completion_status.eq(CompletionStatus::Active))
            .filter(community_challenges::is_active)
    };
    Ok(Backlog {
        challenges: challenges().count().get_result(&mut connection).await?,
        seats: seats().count().get_result(&mut connection).await?,
        failing_challenges: challenges()
            .filter(challenge_finalisations::failures.gt(0))
            .count()
            .get_result(&mut connection)
            .await?,
        failing_seats: seats().filter(challenge_participants::failures.gt(0)).count().get_result(&mut connection).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        assert_eq!(
            [1, 2, 3, 12, 13, 40, i32::MAX].map(|failures| wait(failures).num_seconds()),
            [1, 2, 4, 2048, 3600, 3600, 3600]
        );
    }
}
