//! Replicas that race, and are cut off.

use std::sync::Arc;
use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_social::{Service, Settings};
use orchard_testkit::keys::DevKeys;
use orchard_testkit::service::SliceUnderTest;
use prost::Message as _;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use super::during::{WRONG, crowd};
use super::{UNTIL_DUE, number, rewards};
use crate::friends::family_service;
use crate::world::{NOWHERE, World, new_challenge, settings};

/// Longest that a transaction may take.
const LONGEST: Duration = Duration::from_secs(1);

/// What was given twice, or not: each to be counted once for each participant.
const GIVEN: [(&str, &str); 7] = [
    (
        "rewards",
        "SELECT count(*) FROM challenge_participants WHERE challenge_id = $1 AND (rewards_earned->'completion' <> 'null') IS TRUE",
    ),
    (
        "ranks",
        "SELECT count(*) FROM challenge_participants WHERE challenge_id = $1 AND (rewards_earned->'rank' <> 'null') IS TRUE",
    ),
    (
        "completed",
        "SELECT count(*) FROM social_achievements WHERE related_entity_id = $1 AND achievement_name = 'Challenge completed'",
    ),
    (
        "winners",
        "SELECT count(*) FROM social_achievements WHERE related_entity_id = $1 AND achievement_type = 'challenge_winner'",
    ),
    (
        "milestones",
        "SELECT count(*) FROM achievement_milestones WHERE target = 1 AND current = 1 AND social_context->>'id' = $1::uuid::text",
    ),
    (
        "told",
        "SELECT count(DISTINCT o.aggregate_id) FROM outbox o JOIN challenge_participants p ON p.id = o.aggregate_id
         WHERE p.challenge_id = $1 AND o.event_type = 'orchard.social.v1.ParticipantFinished' AND o.sequence = 1",
    ),
    (
        "first",
        "SELECT count(*) FROM social_achievements WHERE achievement_name = '1 challenge completed' AND $1::uuid IS NOT NULL",
    ),
];

/// Those of whom a transaction is under way in this schema.
const AT_WORK: &str = "a.pid <> pg_backend_pid() AND a.pid <> $1 AND a.pid IN (
    SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND l.mode = 'RowExclusiveLock')";

/// Ends a connection of the services in the middle of something, and says how long the longest transaction was that it saw.
async fn harass(client: &Client, own: i32) -> anyhow::Result<Duration> {
    let longest = format!(
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0)::float8 FROM pg_stat_activity a WHERE {AT_WORK}"
    );
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity a WHERE {AT_WORK} ORDER BY random() LIMIT 1) one"
    );
    let seconds: f64 = client.query_one(&longest, &[&own]).await?.get(0);
    client.query(&cut, &[&own]).await?;
    Ok(Duration::from_secs_f64(seconds))
}

/// They are judged and ranked by three replicas, whose connections are cut all the time, and one of which ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reward_is_given_once_whoever_is_cut_off() -> anyhow::Result<()> {
    let participants = if std::env::var_os("ORCHARD_SOAK").is_some() { 100_000 } else { 5_000 };
    // Somebody is to be told who does not answer, so that what they are to be told stays where it can be counted.
    let keys = Arc::new(DevKeys::ephemeral()?);
    let family = family_service(Arc::clone(&keys)).await?;
    let settings = settings(&keys, format!("http://{}", family.running.address).parse()?);
    let settings = Settings { notifications_url: Some(NOWHERE.parse()?), ..settings };
    let world = World { family: Some(family), ..World::with(&settings, keys).await? };
    let request =
        pb::CreateChallengeRequest { reward_structure: rewards(1, &[(1, 10, 50), (11, 100_000, 5)]), ..new_challenge() };
    let challenge = world.official(request).await?;
    crowd(&world, &challenge, participants).await?;
    let mut replicas: Vec<SliceUnderTest> = Vec::new();
    for _ in 0..2 {
        replicas.push(world.replica(Duration::from_millis(50)).await?);
    }
    world.clock.advance(UNTIL_DUE);
    let watcher = world.slice.schema.connect().await?;
    let harasser = world.slice.schema.connect().await?;
    let own: i32 = watcher.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    let (mut longest, mut cuts) = (Duration::ZERO, 0);
    let limit = Instant::now() + Duration::from_secs(60 + u64::try_from(participants)? / 50);
    let is_final = "SELECT count(finalised_at) FROM community_challenges WHERE id = $1";
    while watcher.query_one(is_final, &[&challenge.parse::<uuid::Uuid>()?]).await?.get::<_, i64>(0) == 0 {
        anyhow::ensure!(Instant::now() < limit, "it does not end");
        longest = longest.max(harass(&harasser, own).await?);
        cuts += 1;
        if cuts == 5
            && let Some(replica) = replicas.pop()
        {
            replica.running.stop().await?;
        }
        sleep(Duration::from_millis(150)).await;
    }
    assert!(cuts > 5, "it was over before it was raced for");
    assert!(longest < LONGEST, "{longest:?}");
    assert_eq!(number(&world, WRONG, &challenge).await?, 0);
    let completed =
        number(&world, "SELECT count(*) FROM challenge_participants WHERE challenge_id = $1 AND final_score > 0", &challenge);
    let completed = completed.await?;
    for (what, query) in GIVEN {
        let expected = if matches!(what, "ranks" | "winners" | "told") { i64::from(participants) } else { completed };
        assert_eq!(number(&world, query, &challenge).await?, expected, "{what}");
    }
    let told = "SELECT payload FROM outbox WHERE event_type = 'orchard.social.v1.ChallengeFinalised'";
    let told: Vec<Vec<u8>> = watcher.query(told, &[]).await?.iter().map(|row| row.get(0)).collect();
    let event = pb::ChallengeFinalised { challenge_id: challenge, participants, completed: i32::try_from(completed)? };
    assert_eq!(told, [event.encode_to_vec()]);
    for replica in replicas {
        replica.running.stop().await?;
    }
    Ok(())
}

impl World {
    /// One whose service looks for what is over only so often.
    pub async fn looking_every(period: Duration) -> anyhow::Result<Self> {
        let world = Self::start().await?;
        let replica = world.replica(period).await?;
        let World { slice, clock, settings, family } = world;
        slice.running.stop().await?;
        Ok(World { slice: replica, clock, settings, family })
    }

    /// Another replica, over the same schema and with the same clock.
    pub async fn replica(&self, finalise_period: Duration) -> anyhow::Result<SliceUnderTest> {
        let settings = Settings { finalise_period, ..self.settings.clone() };
        SliceUnderTest::start_in::<Service>(&settings, self.slice.schema.clone(), Arc::clone(&self.slice.keys)).await
    }
}
