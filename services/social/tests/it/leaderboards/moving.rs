//! Leaderboards that change while they are read, and the counts behind them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::progress_service_client::ProgressServiceClient;
use orchard_testkit::answer::violations;
use orchard_testkit::client::insist;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Viewer, ranking};
use crate::world::{World, date, days_ago, id, minutes, new_challenge};

pub fn contest() -> pb::CreateChallengeRequest {
    pb::CreateChallengeRequest { scoring: minutes(1, 100_000), ..new_challenge() }
}

/// Each entry that does not move is on one page, once, while others move.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_neither_repeat_nor_skip_entries_that_do_not_move() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let challenge: Arc<str> = world.official(contest()).await?.into();
    let scores: Vec<i32> = (0..400).map(|n| 20 + n / 7).collect();
    let users = world.seeded(&challenge, &scores).await?;
    let (movers, still): (Vec<_>, Vec<_>) = users.into_iter().enumerate().partition(|(n, _)| n % 40 == 0);
    let is_over = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for (seat, user) in movers {
        let (world, challenge, is_over) = (Arc::clone(&world), Arc::clone(&challenge), Arc::clone(&is_over));
        writers.spawn(async move {
            let mut amount = 0;
            while !is_over.load(Ordering::Relaxed) {
                amount = (amount + 17 + i32::try_from(seat).unwrap_or_default()) % 90;
                insist(|| world.record(user, &challenge, days_ago(0), &[], amount)).await?;
            }
            Ok::<_, tonic::Status>(())
        });
    }
    for (page_size, start_rank) in [(13, 0), (50, 0), (7, 40), (29, 120)] {
        let (all, _) = world.board(id(), &challenge).all(page_size, start_rank).await?;
        let mut times: BTreeMap<Uuid, usize> = BTreeMap::new();
        for entry in &all {
            *times.entry(entry.user_id.parse()?).or_default() += 1;
        }
        if start_rank == 0 {
            let missed: Vec<_> = still.iter().filter(|(_, user)| times.get(user) != Some(&1)).collect();
            assert!(missed.is_empty(), "{} of {} are missing or repeated", missed.len(), still.len());
        }
        let twice = still.iter().filter(|(_, user)| times.get(user).is_some_and(|times| *times > 1)).count();
        assert_eq!(twice, 0);
        assert!(all.len() > 200, "{}", all.len());
    }
    is_over.store(true, Ordering::Relaxed);
    writers.join_all().await.into_iter().collect::<Result<(), _>>()?;
    Ok(())
}

#[tokio::test]
async fn tokens_are_bound_to_their_query_and_name_no_user() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, other) = (world.official(new_challenge()).await?, world.official(new_challenge()).await?);
    let users = world.seeded(&challenge, &[3, 2, 1]).await?;
    world.seeded(&other, &[3, 2, 1]).await?;
    let viewer = id();
    let token = world.board(viewer, &challenge).page(1, "", 0).await?.next_page_token;
    let content = String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(&token)?).into_owned();
    for user in users {
        assert!(!content.contains(&user.to_string()) && !content.contains(&user.simple().to_string()), "{content}");
    }
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed)?;
        assert_eq!(violations(world.board(viewer, &challenge).page(1, &changed, 0).await), ["page_token"], "{index}");
    }
    assert_eq!(violations(world.board(viewer, &other).page(1, &token, 0).await), ["page_token"]);
    assert_eq!(violations(world.board(id(), &challenge).page(1, &token, 0).await), ["page_token"]);
    assert_eq!(violations(world.board(viewer, &challenge).page(1, &token, 2).await), ["page_token"]);
    let bad = world.board(viewer, "x").page(-1, "", -1).await;
    assert_eq!(violations(bad), ["challenge_id", "start_rank", "page_size"]);
    Ok(())
}

#[tokio::test]
async fn paging_continues_after_the_last_user_of_a_page_is_erased() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.official(new_challenge()).await?;
    let users = world.seeded(&challenge, &[3, 2, 1]).await?;
    let mut viewer = world.board(id(), &challenge);
    let first = viewer.page(2, "", 0).await?;
    world.erase(users[1]).await?;
    let second = viewer.page(2, &first.next_page_token, 0).await?;
    assert_eq!((ranking(&second.entries), second.participant_count), (vec![(users[2], 1, 2)], 2));
    Ok(())
}

/// Counts the buckets in which counts and changes together differ from a recount.
pub const DIFFERENCES: &str = "WITH kept AS (
      SELECT challenge_id, level, bucket, participants::bigint AS number FROM leaderboard_counts
      UNION ALL SELECT challenge_id, l::smallint, old_score >> (6 * l), -1 FROM leaderboard_changes, generate_series(0, 4) l WHERE old_score IS NOT NULL
      UNION ALL SELECT challenge_id, l::smallint, new_score >> (6 * l), 1 FROM leaderboard_changes, generate_series(0, 4) l WHERE new_score IS NOT NULL
    ), counted AS (
      SELECT challenge_id, l::smallint AS level, final_score >> (6 * l) AS bucket, -1 AS number
      FROM challenge_participants, generate_series(0, 4) l WHERE on_board
    )
    SELECT count(*) FROM (
      SELECT 1 FROM (SELECT * FROM kept UNION ALL SELECT * FROM counted) one GROUP BY challenge_id, level, bucket HAVING sum(number) <> 0
    ) wrong";

/// Participants record, join, leave and hide, while two replicas fold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_and_changes_match_a_recount_at_each_moment() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let replica = Arc::new(world.replica(Duration::from_hours(1)).await?);
    let challenges: Arc<[String]> = [world.official(contest()).await?, world.official(contest()).await?].into();
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (world, replica, challenges) = (Arc::clone(&world), Arc::clone(&replica), Arc::clone(&challenges));
        writers.spawn(async move {
            let (user, mut random) = (id(), fastrand::Rng::new());
            for turn in 0..40 {
                let challenge = &challenges[random.usize(0..2)];
                match random.u8(0..10) {
                    0 => drop(insist(|| world.withdraw(user, challenge)).await),
                    1 => drop(insist(|| world.show(user, challenge, turn % 2 == 0)).await),
                    2 | 3 => drop(insist(|| world.join(user, challenge)).await?),
                    4 if writer == 0 => {
                        let level = if turn % 2 == 0 { pb::PrivacyLevel::Private } else { pb::PrivacyLevel::Public };
                        world.settle(user, level).await.map_err(|error| tonic::Status::internal(error.to_string()))?;
                    }
                    _ => {
                        let request = pb::RecordProgressRequest {
                            challenge_id: challenge.clone(),
                            progress_date: date(days_ago(0)),
                            progress_data: Some(pb::ProgressData { fruits: Vec::new(), amount: random.i32(0..100_000) }),
                            ..Default::default()
                        };
                        // Through either replica. Without a seat it is refused.
                        let slice = if random.bool() { &*replica } else { &world.slice };
                        let mut client = ProgressServiceClient::new(slice.user(user).expect("client"));
                        let _ = client.record_progress(request).await;
                    }
                }
            }
            Ok::<_, tonic::Status>(())
        });
    }
    let client = world.slice.schema.connect().await?;
    let mut recounts = 0;
    while !writers.is_empty() {
        assert_eq!(client.query_one(DIFFERENCES, &[]).await?.get::<_, i64>(0), 0, "recount {recounts}");
        recounts += 1;
        while let Some(ended) = writers.try_join_next() {
            ended??;
        }
    }
    assert!(recounts > 5, "{recounts}");
    world.folded().await?;
    assert_eq!(client.query_one(DIFFERENCES, &[]).await?.get::<_, i64>(0), 0);
    let none = "SELECT count(*) FROM leaderboard_counts WHERE participants <= 0";
    assert_eq!(client.query_one(none, &[]).await?.get::<_, i64>(0), 0);
    // Both replicas return the same leaderboard, which a recount confirms.
    for challenge in challenges.iter() {
        let viewer = id();
        let one = world.board(viewer, challenge).all(3, 0).await?;
        assert_eq!(Viewer::at(&replica, viewer, challenge).all(3, 0).await?, one);
        let ranks: Vec<_> = world.recount(challenge).await?.into_iter().map(|(_, score, rank)| (score, rank)).collect();
        assert_eq!(ranking(&one.0).into_iter().map(|(_, score, rank)| (score, rank)).collect::<Vec<_>>(), ranks);
    }
    Ok(())
}

#[tokio::test]
async fn scores_that_one_replica_writes_are_ranked_by_the_other_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let replica = world.replica(Duration::from_hours(1)).await?;
    let challenge = world.official(contest()).await?;
    let [ann, bob] = [id(), id()];
    for user in [ann, bob] {
        world.join(user, &challenge).await?;
    }
    for turn in 1..20 {
        let (ahead, behind) = if turn % 2 == 0 { (ann, bob) } else { (bob, ann) };
        world.record(ahead, &challenge, days_ago(0), &[], 10 + turn).await?;
        world.record(behind, &challenge, days_ago(0), &[], turn).await?;
        for slice in [&world.slice, &replica] {
            assert_eq!(Viewer::at(slice, ahead, &challenge).standing().await?.rank, 1);
            assert_eq!(Viewer::at(slice, behind, &challenge).standing().await?.rank, 2);
        }
    }
    replica.running.stop().await?;
    Ok(())
}
