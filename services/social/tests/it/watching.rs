//! Watching leaderboards.

mod hidden;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::leaderboard_service_client::LeaderboardServiceClient;
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::service::SliceUnderTest;
use pb::PrivacyLevel::{FriendsOnly, Private, Public};
use tokio::time::{Instant, timeout};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use crate::friends::Act;
use crate::world::{World, days_ago, id, minutes, new_challenge};

/// Maximum wait for a message.
const LIMIT: Duration = Duration::from_secs(20);

/// A client that watches, and applies the messages.
struct Watcher {
    stream: Streaming<pb::WatchLeaderboardResponse>,
    entries: BTreeMap<String, pb::WatchedEntry>,
    participants: i32,
    resume_token: String,
    messages: u32,
}

impl Watcher {
    async fn next(&mut self) -> Result<pb::WatchLeaderboardResponse, Status> {
        let next = timeout(LIMIT, self.stream.message()).await.expect("a message in time")?;
        let message = next.expect("streams end with a status");
        if message.is_snapshot {
            self.entries.clear();
        }
        for key in &message.removed_entry_keys {
            assert!(self.entries.remove(key).is_some(), "a removed entry was there");
        }
        for entry in &message.entries {
            let before = self.entries.insert(entry.entry_key.clone(), entry.clone());
            assert_ne!(before.as_ref(), Some(entry), "an unchanged entry was sent");
        }
        (self.participants, self.resume_token) = (message.participant_count, message.resume_token.clone());
        self.messages += 1;
        Ok(message)
    }

    /// Returns names or pseudonyms and scores, ordered by position.
    fn board(&self) -> Vec<(String, i32)> {
        let mut entries: Vec<_> = self.entries.values().collect();
        entries.sort_by_key(|watched| watched.position);
        let positions: Vec<i32> = entries.iter().map(|watched| watched.position).collect();
        assert_eq!(positions, (1..=i32::try_from(entries.len()).expect("few")).collect::<Vec<_>>());
        entries
            .iter()
            .filter_map(|watched| watched.entry.as_ref())
            .map(|entry| (entry.display_name.clone(), entry.final_score))
            .collect()
    }

    /// Reads messages until the leaderboard meets a condition.
    async fn until(&mut self, holds: impl Fn(&[(String, i32)]) -> bool) -> Result<(), Status> {
        while !holds(&self.board()) {
            self.next().await?;
        }
        Ok(())
    }
}

async fn watch(slice: &SliceUnderTest, viewer: Uuid, request: pb::WatchLeaderboardRequest) -> Result<Watcher, Status> {
    watch_by(slice.user(viewer).expect("client"), request).await
}

async fn watch_by(client: Client, request: pb::WatchLeaderboardRequest) -> Result<Watcher, Status> {
    let stream = LeaderboardServiceClient::new(client).watch_leaderboard(request).await?.into_inner();
    Ok(Watcher { stream, entries: BTreeMap::new(), participants: 0, resume_token: String::new(), messages: 0 })
}

fn of(challenge: &str) -> pb::WatchLeaderboardRequest {
    pb::WatchLeaderboardRequest { challenge_id: challenge.to_owned(), ..Default::default() }
}

impl World {
    /// Creates a challenge with participants who have these names, scores and privacy levels.
    async fn contest<const N: usize>(&self, people: [(&str, i32, pb::PrivacyLevel); N]) -> anyhow::Result<(String, [Uuid; N])> {
        let request = pb::CreateChallengeRequest { scoring: minutes(1, 1_000), ..new_challenge() };
        let challenge = self.official(request).await?;
        let users = std::array::from_fn(|_| id());
        for (user, (name, score, level)) in users.iter().zip(people) {
            self.settle(*user, level).await?;
            self.rename(*user, name).await?;
            self.join(*user, &challenge).await?;
            self.record(*user, &challenge, days_ago(0), &[], score).await?;
        }
        Ok((challenge, users))
    }

    async fn score(&self, user: Uuid, challenge: &str, score: i32) -> Result<(), Status> {
        self.record(user, challenge, days_ago(0), &[], score).await.map(|_| ())
    }
}

fn names(board: &[(String, i32)]) -> Vec<&str> {
    board.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn a_snapshot_is_followed_by_changes_at_most_once_per_second() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, [ann, bob, cyd]) = world.contest([("ann", 30, Public), ("bob", 20, Public), ("cyd", 10, Public)]).await?;
    let mut watcher = watch(&world.slice, id(), pb::WatchLeaderboardRequest { limit: 2, ..of(&challenge) }).await?;
    let first = watcher.next().await?;
    assert!(first.is_snapshot && first.removed_entry_keys.is_empty());
    assert_eq!((watcher.board(), watcher.participants), (vec![("ann".to_owned(), 30), ("bob".to_owned(), 20)], 3));
    let ranks: Vec<i32> = first.entries.iter().filter_map(|watched| watched.entry.as_ref()).map(|entry| entry.rank).collect();
    assert_eq!(ranks, [1, 2]);

    world.score(cyd, &challenge, 40).await?;
    let change = watcher.next().await?;
    assert!(!change.is_snapshot && change.removed_entry_keys.len() == 1, "{change:?}");
    assert_eq!(names(&watcher.board()), ["cyd", "ann"]);
    // Many changes within a second are sent as one message.
    let began = Instant::now();
    let before = watcher.messages;
    for score in 41..=80 {
        world.score(cyd, &challenge, score).await?;
        world.score(bob, &challenge, score - 30).await?;
    }
    watcher.until(|board| board == [("cyd".to_owned(), 80), ("bob".to_owned(), 50)]).await?;
    let allowed = began.elapsed().as_secs() + 2;
    assert!(u64::from(watcher.messages - before) <= allowed, "{} in {:?}", watcher.messages - before, began.elapsed());
    world.show(ann, &challenge, false).await?;
    while watcher.participants != 2 {
        watcher.next().await?;
    }
    Ok(())
}

/// The new stream sends only what has changed since the token.
#[tokio::test]
async fn a_stream_is_resumed_at_another_replica() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, [ann, bob, cyd]) = world.contest([("ann", 30, Public), ("bob", 20, Public), ("cyd", 10, Public)]).await?;
    let other = world.replica(Duration::from_hours(1)).await?;
    let viewer = id();
    let mut first = watch(&world.slice, viewer, of(&challenge)).await?;
    first.next().await?;
    let Watcher { entries, resume_token, .. } = first;
    let resume = pb::WatchLeaderboardRequest { resume_token, ..of(&challenge) };
    let mut second = watch(&other, viewer, resume.clone()).await?;
    second.entries = entries.clone();
    world.score(cyd, &challenge, 25).await?;
    let message = second.next().await?;
    assert!(!message.is_snapshot, "nothing is repeated");
    assert_eq!(names(&second.board()), ["ann", "cyd", "bob"]);
    assert_eq!(message.entries.len(), 2, "the entry of ann has not changed");
    // The old token can be used again.
    world.withdraw(bob, &challenge).await?;
    let mut third = watch(&world.slice, viewer, resume.clone()).await?;
    third.entries = entries;
    third.until(|board| names(board) == ["ann", "cyd"]).await?;
    for foreign in [
        pb::WatchLeaderboardRequest { limit: 5, ..resume.clone() },
        pb::WatchLeaderboardRequest { resume_token: "x".to_owned(), ..resume.clone() },
    ] {
        assert_eq!(violations(watch(&world.slice, viewer, foreign).await.map(|_| ())), ["resume_token"]);
    }
    assert_eq!(violations(watch(&world.slice, ann, resume).await.map(|_| ())), ["resume_token"]);
    let bad = pb::WatchLeaderboardRequest { challenge_id: "x".to_owned(), limit: 101, ..Default::default() };
    assert_eq!(violations(watch(&world.slice, ann, bad).await.map(|_| ())), ["challenge_id", "limit"]);
    other.running.stop().await?;
    Ok(())
}

#[tokio::test]
async fn each_viewer_sees_the_names_that_they_may_see_at_the_time() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, [ann, bob, cyd]) =
        world.contest([("ann", 30, Public), ("bob", 20, FriendsOnly), ("cyd", 10, Private)]).await?;
    let (friend, stranger) = (id(), id());
    for viewer in [friend, stranger] {
        world.settle(viewer, FriendsOnly).await?;
    }
    world.befriend(friend, bob).await?;
    let mut watchers = Vec::new();
    for viewer in [friend, stranger, cyd] {
        let mut watcher = watch(&world.slice, viewer, of(&challenge)).await?;
        watcher.next().await?;
        watchers.push(watcher);
    }
    let [mut friend_sees, mut stranger_sees, cyd_sees] = <[Watcher; 3]>::try_from(watchers).ok().expect("three");
    assert_eq!(names(&friend_sees.board()), ["ann", "bob"]);
    let board = stranger_sees.board();
    let pseudonym = board[1].0.clone();
    assert!(pseudonym != "bob" && board[0].0 == "ann", "{board:?}");
    assert_eq!(cyd_sees.board(), board, "private users do not see themselves, and see others like a stranger");
    // Private users disappear for all viewers. Public again, ann is back with her new name.
    world.settle(ann, Private).await?;
    friend_sees.until(|board| names(board) == ["bob"]).await?;
    stranger_sees.until(|board| names(board) == [pseudonym.as_str()]).await?;
    world.settle(ann, Public).await?;
    world.rename(ann, "anna").await?;
    stranger_sees.until(|board| names(board) == ["anna", pseudonym.as_str()]).await?;
    world.settle(bob, Public).await?;
    stranger_sees.until(|board| names(board) == ["anna", "bob"]).await?;
    // A blocked viewer sees the same pseudonym as before.
    world.act(Act::Block, bob, stranger).await?;
    stranger_sees.until(|board| names(board) == ["anna", pseudonym.as_str()]).await?;
    friend_sees.until(|board| names(board) == ["anna", "bob"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_stream_ends_when_the_viewer_may_not_read_the_challenge() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, seated) = (id(), id());
    let made = world.create(me, pb::CreateChallengeRequest { is_public: Some(false), ..new_challenge() }).await?;
    let challenge = made.challenge_id;
    let not_found = || (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned());
    for challenge in [challenge.clone(), id().to_string()] {
        let mut stranger = watch(&world.slice, id(), of(&challenge)).await?;
        assert_eq!(refused(stranger.next().await), not_found());
    }
    let join = pb::JoinChallengeRequest { join_code: made.join_code, ..Default::default() };
    world.challenges(seated)?.join_challenge(join).await?;
    let mut watching = watch(&world.slice, seated, of(&challenge)).await?;
    let mut creator = watch(&world.slice, me, of(&challenge)).await?;
    watching.next().await?;
    creator.next().await?;
    world.withdraw(seated, &challenge).await?;
    let end = loop {
        if let Err(end) = watching.next().await {
            break end;
        }
    };
    assert_eq!(refused::<()>(Err(end)), not_found());
    let deactivate = pb::DeactivateChallengeRequest { challenge_id: challenge.clone() };
    world.challenges(me)?.deactivate_challenge(deactivate).await?;
    let end = loop {
        if let Err(end) = creator.next().await {
            break end;
        }
    };
    assert_eq!(refused::<()>(Err(end)), (Code::FailedPrecondition, "CHALLENGE_INACTIVE".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_stopping_service_ends_streams_that_can_be_resumed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, _) = world.contest([("ann", 30, Public)]).await?;
    let replica = world.replica(Duration::from_hours(1)).await?;
    let viewer = id();
    let mut watching = watch(&replica, viewer, of(&challenge)).await?;
    watching.next().await?;
    replica.running.stop().await?;
    assert_eq!(refused(watching.next().await), (Code::Unavailable, "SHUTTING_DOWN".to_owned()));
    let resume = pb::WatchLeaderboardRequest { resume_token: watching.resume_token, ..of(&challenge) };
    let mut again = watch(&world.slice, viewer, resume).await?;
    assert!(timeout(Duration::from_secs(2), again.stream.message()).await.is_err(), "nothing has changed");
    Ok(())
}

/// Returns the number of scans of the leaderboard's index, as PostgreSQL counts them.
async fn scans(world: &World) -> anyhow::Result<i64> {
    let client = world.slice.schema.connect().await?;
    // Sessions report their counts within a second.
    let query = "SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes
        WHERE schemaname = current_schema() AND indexrelname = 'challenge_participants_board_idx'";
    Ok(client.query_one(query, &[]).await?.get(0))
}

/// Scans per second stay the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_watchers_cost_the_database_as_much_as_one() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let (challenge, [ann]) = world.contest([("ann", 30, Public)]).await?;
    let watched = async |count: usize| {
        let before = scans(&world).await?;
        let began = Instant::now();
        // A connection carries fewer streams.
        let channels: Vec<Channel> = (0..5).map(|_| world.slice.running.channel()).collect::<Result<_, _>>()?;
        let open = channels.iter().cycle().take(count).map(|channel| {
            let token = world.slice.keys.user_token(Uuid::new_v4(), &[], Duration::from_secs(600)).expect("token");
            watch_by(Headers::bearer(&token).expect("headers").on(channel.clone()), of(&challenge))
        });
        let mut watchers: Vec<Watcher> = futures::future::try_join_all(open).await?;
        futures::future::try_join_all(watchers.iter_mut().map(Watcher::next)).await?;
        for score in 31..34 {
            world.score(ann, &challenge, score).await?;
            let updated =
                watchers.iter_mut().map(|watcher| watcher.until(move |board| board.iter().any(|(_, now)| *now == score)));
            futures::future::try_join_all(updated).await?;
        }
        drop(watchers);
        // Sessions have reported their counts by then.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let took = began.elapsed().as_secs_f64();
        anyhow::Ok(((scans(&world).await? - before) as f64 / took, took))
    };
    let (one, _) = watched(1).await?;
    world.score(ann, &challenge, 30).await?;
    let (thousand, took) = watched(990).await?;
    assert!(one > 0.0, "scans are counted");
    assert!(thousand <= one * 1.5 + 1.0, "{thousand} scans per second, and {one} for one watcher; in {took} s");
    Ok(())
}

#[tokio::test]
async fn a_leaderboard_without_watchers_is_not_read() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, _) = world.contest([("ann", 30, Public)]).await?;
    let mut watching = watch(&world.slice, id(), of(&challenge)).await?;
    watching.next().await?;
    drop(watching);
    let mut last = -1;
    world
        .until(async || {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            let now = scans(&world).await?;
            Ok(std::mem::replace(&mut last, now) == now)
        })
        .await?;
    Ok(())
}

/// A small stream window keeps unread messages at the service. The stream can be resumed.
#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_as_too_slow() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (challenge, [ann]) = world.contest([("ann", 30, Public)]).await?;
    world.seeded(&challenge, &[7; 99]).await?;
    let viewer = id();
    let token = world.slice.keys.user_token(viewer, &[], Duration::from_secs(600))?;
    let address = format!("http://{}", world.slice.running.address);
    let narrow = Endpoint::from_shared(address)?.initial_stream_window_size(1_024).connect_lazy();
    let all = pb::WatchLeaderboardRequest { limit: 100, ..of(&challenge) };
    let mut slow = watch_by(Headers::bearer(&token)?.on(narrow), all.clone()).await?;
    let mut quick = watch(&world.slice, viewer, all.clone()).await?;
    for score in 31..46 {
        world.score(ann, &challenge, score).await?;
        quick.until(|board| board.first().is_some_and(|(_, first)| *first == score)).await?;
    }
    let end = loop {
        if let Err(end) = slow.next().await {
            break end;
        }
    };
    assert_eq!(refused::<()>(Err(end)), (Code::ResourceExhausted, "WATCHER_TOO_SLOW".to_owned()));
    let resume = pb::WatchLeaderboardRequest { resume_token: slow.resume_token, ..all };
    let mut again = watch(&world.slice, viewer, resume).await?;
    again.entries = slow.entries;
    again.next().await?;
    assert_eq!(again.board(), quick.board());
    Ok(())
}
