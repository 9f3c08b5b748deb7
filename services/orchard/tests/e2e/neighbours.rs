//! Hostile callers of the edge, beside a polite one who must not notice. `orchard-server` runs the same list against a slice's server.

use std::time::Duration;

use futures::StreamExt as _;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_proto::social::v1::leaderboard_service_client::LeaderboardServiceClient;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Client;
use orchard_testkit::neighbours::{HOSTILE, Target, beside, polite};
use orchard_testkit::raw::frame;
use pb::scoring::Rule;
use prost::Message as _;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::suite::{Suite, id, today};

/// A time by which a busy machine may delay calls, and the number of tries. It may spoil one of them.
const SLACK: Duration = Duration::from_secs(1);
const TRIES: u32 = 4;
const HOUR: Duration = Duration::from_secs(3_600);

/// Creates a challenge that the user has joined.
async fn a_challenge(suite: &Suite, user: Uuid) -> anyhow::Result<String> {
    let request = pb::CreateChallengeRequest {
        challenge_name: "Two a day".to_owned(),
        description: "Two servings a day.".to_owned(),
        duration_days: 7,
        start_date: today(),
        scoring: Some(pb::Scoring { rule: Some(Rule::Consistency(pb::ConsistencyScoring { daily_target_servings: 2 })) }),
        request_id: id().to_string(),
        ..Default::default()
    };
    let mut client = ChallengeServiceClient::new(suite.user(user)?);
    let challenge_id = client.create_challenge(request).await?.into_inner().challenge.expect("a challenge").challenge_id;
    let join = pb::JoinChallengeRequest { challenge_id: challenge_id.clone(), ..Default::default() };
    client.join_challenge(join).await?;
    Ok(challenge_id)
}

async fn read(client: Client, challenge_id: &str) -> Result<(), Status> {
    let request = pb::GetChallengeRequest { challenge_id: challenge_id.to_owned(), ..Default::default() };
    ChallengeServiceClient::new(client).get_challenge(request).await.map(drop)
}

// The hostile caller works on a thread of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_hostile_caller_of_the_edge_makes_a_polite_one_fail() -> anyhow::Result<()> {
    let suite = Suite::sharing(25).await?;
    let (user, hostile) = (id(), id());
    let challenge = a_challenge(&suite, user).await?;
    let message = pb::GetChallengeRequest { challenge_id: challenge.clone(), ..Default::default() }.encode_to_vec();
    let request = frame(0, message.len(), &message);
    let (method, stream) =
        ("/orchard.social.v1.ChallengeService/GetChallenge", "/orchard.social.v1.LeaderboardService/WatchLeaderboard");
    let token = suite.keys.user_token(hostile, &[], HOUR)?;
    let (client, mut wrong) = (suite.user(user)?, Vec::new());
    let mut call = async || read(client.clone(), &challenge).await;
    let target = Target::new(suite.edge.address, token, method, stream, request);
    for hostile in HOSTILE {
        let name = hostile.name;
        for left in (0..TRIES).rev() {
            let alone = polite(&mut call).await?;
            let seen = beside(*hostile, &target, &mut call).await?;
            eprintln!("{name}: p99 {:?}, alone {:?}", seen.p99, alone.p99);
            if let Some(status) = seen.failed.first() {
                wrong.push(format!("beside one who {name}: {} calls failed, such as {status:?}", seen.failed.len()));
            }
            if seen.p99 <= alone.p99 * 2 + SLACK {
                break;
            } else if left == 0 {
                wrong.push(format!("beside one who {name}: p99 {:?}, alone {:?}", seen.p99, alone.p99));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// Opens streams of a user, and returns how many are refused. The others go on until the set is dropped.
async fn watch(suite: &Suite, user: Uuid, challenge: &str, count: usize, watching: &mut JoinSet<()>) -> anyhow::Result<usize> {
    let mut refusals = 0;
    for _ in 0..count {
        let request = pb::WatchLeaderboardRequest { challenge_id: challenge.to_owned(), ..Default::default() };
        let opened = LeaderboardServiceClient::new(suite.user(user)?).watch_leaderboard(request).await;
        match opened {
            Ok(answer) => {
                let mut stream = answer.into_inner();
                watching.spawn(async move { while stream.next().await.is_some() {} });
            }
            refusal => {
                assert_eq!(refused(refusal.map(drop)), (Code::ResourceExhausted, "OVERLOADED".to_owned()));
                refusals += 1;
            }
        }
    }
    Ok(refusals)
}

/// Three hundred streams of one user through the edge; with ORCHARD_SOAK, a thousand of a hundred users besides, and calls at 200 a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn watchers_keep_no_other_caller_waiting() -> anyhow::Result<()> {
    let suite = Suite::sharing(25).await?;
    let (user, watcher) = (id(), id());
    let challenge = a_challenge(&suite, user).await?;
    let client = suite.user(user)?;
    let mut call = async || read(client.clone(), &challenge).await;
    let alone = polite(&mut call).await?;
    let mut watching = JoinSet::new();
    let refusals = watch(&suite, watcher, &challenge, 300, &mut watching).await?;
    let seen = polite(&mut call).await?;
    eprintln!("300 streams of one user, {refusals} refused: p99 {:?}, alone {:?}", seen.p99, alone.p99);
    assert!(seen.failed.is_empty(), "{:?}", seen.failed);
    assert_eq!(refusals, 50, "a user's share is a quarter of 1,000");
    watching.shutdown().await;
    if std::env::var_os("ORCHARD_SOAK").is_none() {
        return Ok(());
    }
    for _ in 0..100 {
        watch(&suite, id(), &challenge, 10, &mut watching).await?;
    }
    let open = watching.len();
    let (mut calls, mut took) = (JoinSet::new(), Vec::new());
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..4_000 {
        ticks.tick().await;
        let (client, challenge) = (client.clone(), challenge.clone());
        calls.spawn(async move {
            let begun = Instant::now();
            read(client, &challenge).await.map(|()| begun.elapsed())
        });
    }
    while let Some(call) = calls.join_next().await {
        took.push(call??);
    }
    took.sort_unstable();
    eprintln!("{open} watchers: 200 calls a second take {:?} at p50 and {:?} at p99", took[2_000], took[3_960]);
    Ok(())
}
