//! Concurrent writers of one seat.

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::refusal;
use orchard_testkit::client::insist;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::Status;
use uuid::Uuid;

use super::scores;
use crate::world::{World, date, days_ago, id, minutes, new_challenge, record};

/// Starts a service with a seat, for which today and the two days before are open.
async fn a_seat() -> anyhow::Result<(Arc<World>, Uuid, Arc<str>)> {
    let world = Arc::new(World::strict().await?);
    let user = id();
    let request = pb::CreateChallengeRequest { scoring: minutes(1, 1_000), ..new_challenge() };
    let challenge: Arc<str> = world.create(id(), request).await?.challenge_id.into();
    world.join(user, &challenge).await?;
    world.clock.advance(Duration::from_secs(24 * 3600));
    Ok((world, user, challenge))
}

/// Records, deletes, or records several of the three open days, at random.
async fn random_write(world: &World, user: Uuid, challenge: &str) -> Result<(), Status> {
    let day = || days_ago(fastrand::i64(-1..=1));
    let amount = || fastrand::i32(0..1_000);
    match fastrand::u8(..8) {
        0 => {
            let deleted = insist(|| world.delete(user, challenge, day())).await;
            deleted
                .map(|_| ())
                .or_else(|status| if refusal(&status).reason == "PROGRESS_NOT_FOUND" { Ok(()) } else { Err(status) })
        }
        1 => {
            let mut days = [-1, 0, 1];
            fastrand::shuffle(&mut days);
            let days = &days[..fastrand::usize(1..=3)];
            let records = || days.iter().map(|ago| record(challenge, days_ago(*ago), &[], amount())).collect();
            insist(|| world.batch(user, records())).await.map(|_| ())
        }
        _ => insist(|| world.record(user, challenge, day(), &[], amount())).await.map(|_| ()),
    }
}

/// Without the version in the statement, and the lock after failed attempts, writers apply differences to scores that others
/// have replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_of_one_day_leave_the_score_of_one() -> anyhow::Result<()> {
    let (world, user, challenge) = a_seat().await?;
    let mut writers = JoinSet::new();
    for writer in 1..=16 {
        let (world, challenge) = (Arc::clone(&world), Arc::clone(&challenge));
        writers.spawn(async move {
            for round in 0..10 {
                let answer = insist(|| world.record(user, &challenge, days_ago(0), &[], writer * 10 + round)).await?;
                let (day, seat) = (answer.day.expect("a day"), answer.participant.expect("a participant"));
                let scores = (day.daily_score, day.cumulative_score, seat.final_score);
                assert_eq!(
                    scores,
                    (writer * 10 + round, writer * 10 + round, writer * 10 + round),
                    "the answer has the written score"
                );
            }
            Ok::<_, Status>(())
        });
    }
    writers.join_all().await.into_iter().collect::<Result<(), _>>()?;
    let (days, score) = scores(&world, user).await?;
    assert_eq!(days, [(score, score)]);
    assert_eq!(score % 10, 9, "the score of a last round");
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_of_three_days_leave_consistent_sums() -> anyhow::Result<()> {
    let (world, user, challenge) = a_seat().await?;
    let mut writers = JoinSet::new();
    for _ in 0..16 {
        let (world, challenge) = (Arc::clone(&world), Arc::clone(&challenge));
        writers.spawn(async move {
            for _ in 0..12 {
                random_write(&world, user, &challenge).await?;
            }
            Ok::<_, Status>(())
        });
    }
    writers.join_all().await.into_iter().collect::<Result<(), _>>()?;
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    let versions = world.number("SELECT progress_version::bigint FROM challenge_participants").await?;
    assert!(versions > 16 * 8, "{versions} writes");
    Ok(())
}

/// Batches lock seats in one order, so that they do not deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_batches_of_the_same_challenges_succeed() -> anyhow::Result<()> {
    let world = Arc::new(World::strict().await?);
    let user = id();
    let mut challenges = Vec::new();
    for _ in 0..6 {
        let request = pb::CreateChallengeRequest { start_date: date(days_ago(0)), scoring: minutes(1, 1_000), ..new_challenge() };
        let challenge = world.create(id(), request).await?.challenge_id;
        world.join(user, &challenge).await?;
        challenges.push(challenge);
    }
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let (world, mut challenges) = (Arc::clone(&world), challenges.clone());
        writers.spawn(async move {
            for _ in 0..8 {
                fastrand::shuffle(&mut challenges);
                let records = || challenges.iter().map(|one| record(one, days_ago(0), &[], fastrand::i32(0..1_000))).collect();
                insist(|| world.batch(user, records())).await?;
            }
            Ok::<_, Status>(())
        });
    }
    writers.join_all().await.into_iter().collect::<Result<(), _>>()?;
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    Ok(())
}

/// Each cancelled call has written either everything or nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_leave_consistent_sums() -> anyhow::Result<()> {
    let (world, user, challenge) = a_seat().await?;
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        let (world, challenge) = (Arc::clone(&world), Arc::clone(&challenge));
        callers.spawn(async move {
            let mut cancelled = 0;
            for _ in 0..25 {
                let patience = Duration::from_micros(fastrand::u64(200..8_000));
                match timeout(patience, random_write(&world, user, &challenge)).await {
                    Ok(answered) => answered?,
                    Err(_) => cancelled += 1,
                }
            }
            Ok::<_, Status>(cancelled)
        });
    }
    let cancelled: u32 = callers.join_all().await.into_iter().sum::<Result<_, _>>()?;
    assert!(cancelled > 10, "{cancelled} cancelled calls");
    let deadline = Instant::now() + Duration::from_secs(10);
    while world.slice.schema.open_transactions().await? > 0 {
        assert!(Instant::now() < deadline, "a transaction is still open");
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    world.record(user, &challenge, days_ago(0), &[], 1).await?;
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn scores_of_hidden_participants_do_not_change_the_leaderboard() -> anyhow::Result<()> {
    let (world, user, challenge) = a_seat().await?;
    let client = world.slice.schema.connect().await?;
    let hide = "WITH hidden AS (
          UPDATE challenge_participants SET is_visible = false, updated_at = now() RETURNING challenge_id, final_score
        )
        INSERT INTO leaderboard_changes (challenge_id, old_score) SELECT challenge_id, final_score FROM hidden";
    client.execute(hide, &[]).await?;
    let answer = world.record(user, &challenge, days_ago(0), &[], 20).await?;
    assert!(!answer.participant.expect("a participant").is_public);
    world.delete(user, &challenge, days_ago(0)).await?;
    world.batch(user, vec![record(&challenge, days_ago(1), &[], 20)]).await?;
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    let on_board = "SELECT (SELECT coalesce(sum(participants), 0)::bigint FROM leaderboard_counts WHERE level = 0)
        + (SELECT count(new_score) - count(old_score) FROM leaderboard_changes)";
    assert_eq!(world.number(on_board).await?, 0);
    Ok(())
}

impl World {
    /// Waits until a session of the service waits for a lock.
    async fn a_session_waits(&self) -> anyhow::Result<()> {
        let client = self.slice.schema.connect().await?;
        let query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
        let deadline = Instant::now() + Duration::from_secs(10);
        while client.query_one(query, &[&self.slice.schema.name()]).await?.get::<_, i64>(0) == 0 {
            assert!(Instant::now() < deadline, "no session waits");
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

/// The state that was read before the wait is outdated, and is read again.
#[tokio::test]
async fn a_write_that_waited_for_another_is_computed_again() -> anyhow::Result<()> {
    let (world, user, challenge) = a_seat().await?;
    world.record(user, &challenge, days_ago(0), &[], 3).await?;
    let client = world.slice.schema.connect().await?;
    // Has the effect of recording 10 points on the day before.
    let other = "BEGIN;
        UPDATE challenge_participants
        SET final_score = final_score + 10, progress_version = progress_version + 1, updated_at = now();
        UPDATE challenge_progress SET cumulative_score = cumulative_score + 10, updated_at = now();
        INSERT INTO challenge_progress (challenge_id, challenge_participant_id, progress_date, progress_data, daily_score, cumulative_score)
        SELECT challenge_id, challenge_participant_id, progress_date - 1, progress_data, 10, 10 FROM challenge_progress;
        INSERT INTO leaderboard_changes (challenge_id, old_score, new_score)
        SELECT challenge_id, final_score - 10, final_score FROM challenge_participants";
    client.batch_execute(other).await?;
    let meanwhile = async {
        world.a_session_waits().await?;
        anyhow::Ok(client.batch_execute("COMMIT").await?)
    };
    let (answer, committed) = tokio::join!(world.record(user, &challenge, days_ago(0), &[], 5), meanwhile);
    committed?;
    let answer = answer?;
    let (day, seat) = (answer.day.expect("a day"), answer.participant.expect("a participant"));
    assert_eq!((day.daily_score, day.cumulative_score, seat.final_score), (5, 15, 15));
    assert_eq!(world.inconsistent().await?, [0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn a_seat_that_is_left_or_finalised_meanwhile_refuses_the_day() -> anyhow::Result<()> {
    for (status, reason) in [("withdrawn", "NOT_PARTICIPATING"), ("completed", "PARTICIPATION_ENDED")] {
        let (world, user, challenge) = a_seat().await?;
        let mut client = world.slice.schema.connect().await?;
        let transaction = client.transaction().await?;
        let leave = "UPDATE challenge_participants SET completion_status = $1, updated_at = now()";
        transaction.execute(leave, &[&status]).await?;
        let meanwhile = async {
            world.a_session_waits().await?;
            anyhow::Ok(transaction.commit().await?)
        };
        let (answer, committed) = tokio::join!(world.record(user, &challenge, days_ago(0), &[], 5), meanwhile);
        committed?;
        assert_eq!(refusal(&answer.expect_err("refused")).reason, reason);
        assert_eq!(world.number("SELECT count(*) FROM challenge_progress").await?, 0);
    }
    Ok(())
}
