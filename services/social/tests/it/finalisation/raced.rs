//! Replicas that race and are interrupted.

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

/// Maximum duration of a transaction.
const LONGEST: Duration = Duration::from_secs(1);

/// Queries that count what each participant must have got once.
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
        "events",
        "SELECT count(DISTINCT o.aggregate_id) FROM outbox o JOIN challenge_participants p ON p.id = o.aggregate_id
         WHERE p.challenge_id = $1 AND o.event_type = 'orchard.social.v1.ParticipantFinished' AND o.sequence = 1",
    ),
    (
        "first completed",
        "SELECT count(*) FROM social_achievements WHERE achievement_name = '1 challenge completed' AND $1::uuid IS NOT NULL",
    ),
];

/// Condition for sessions of the service that are writing in a transaction in this schema.
const AT_WORK: &str = "a.pid <> pg_backend_pid() AND a.pid <> $1 AND a.pid IN (
    SELECT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND l.mode = 'RowExclusiveLock')";

/// Terminates a session of the service that is writing. Returns the duration of the longest transaction that it saw.
async fn terminate(client: &Client, own: i32) -> anyhow::Result<Duration> {
    let longest = format!(
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0)::float8 FROM pg_stat_activity a WHERE {AT_WORK}"
    );
    let terminate = format!(
        "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity a WHERE {AT_WORK} ORDER BY random() LIMIT 1) one"
    );
    let seconds: f64 = client.query_one(&longest, &[&own]).await?.get(0);
    client.query(&terminate, &[&own]).await?;
    Ok(Duration::from_secs_f64(seconds))
}

/// Three replicas judge and rank, while their sessions are terminated all the time and one of them stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reward_is_given_once_when_replicas_are_interrupted() -> anyhow::Result<()> {
    let participants = if std::env::var_os("ORCHARD_SOAK").is_some() { 100_000 } else { 5_000 };
    // The consumer of the events does not answer, so that they stay in the outbox, where they can be counted.
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
    let terminator = world.slice.schema.connect().await?;
    let own: i32 = watcher.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    let (mut longest, mut terminations) = (Duration::ZERO, 0);
    let limit = Instant::now() + Duration::from_secs(60 + u64::try_from(participants)? / 50);
    let is_final = "SELECT count(finalised_at) FROM community_challenges WHERE id = $1";
    while watcher.query_one(is_final, &[&challenge.parse::<uuid::Uuid>()?]).await?.get::<_, i64>(0) == 0 {
        anyhow::ensure!(Instant::now() < limit, "it is not finalised in time");
        longest = longest.max(terminate(&terminator, own).await?);
        terminations += 1;
        if terminations == 5
            && let Some(replica) = replicas.pop()
        {
            replica.running.stop().await?;
        }
        // Longer and shorter than a step, whatever the speed of the machine: with one pause for all, a slow one never ends a step.
        sleep(Duration::from_millis(fastrand::u64(100..700))).await;
    }
    assert!(terminations > 5, "it was finalised too early");
    assert!(longest < LONGEST, "{longest:?}");
    assert_eq!(number(&world, WRONG, &challenge).await?, 0);
    let completed =
        number(&world, "SELECT count(*) FROM challenge_participants WHERE challenge_id = $1 AND final_score > 0", &challenge);
    let completed = completed.await?;
    for (what, query) in GIVEN {
        let expected = if what == "events" { i64::from(participants) } else { completed };
        assert_eq!(number(&world, query, &challenge).await?, expected, "{what}");
    }
    let payloads = "SELECT payload FROM outbox WHERE event_type = 'orchard.social.v1.ChallengeFinalised'";
    let payloads: Vec<Vec<u8>> = watcher.query(payloads, &[]).await?.iter().map(|row| row.get(0)).collect();
    let event =
        pb::ChallengeFinalised { challenge_id: challenge, participant_count: participants, completed: i32::try_from(completed)? };
    assert_eq!(payloads, [event.encode_to_vec()]);
    for replica in replicas {
        replica.running.stop().await?;
    }
    Ok(())
}

impl World {
    /// Starts a service that finalises with this period.
    pub async fn finalising_every(period: Duration) -> anyhow::Result<Self> {
        let world = Self::strict().await?;
        let replica = world.replica(period).await?;
        let World { slice, clock, settings, family } = world;
        slice.running.stop().await?;
        Ok(World { slice: replica, clock, settings, family })
    }

    /// Starts another replica, with the same schema and clock.
    pub async fn replica(&self, finalise_period: Duration) -> anyhow::Result<SliceUnderTest> {
        let settings = Settings { finalise_period, ..self.settings.clone() };
        SliceUnderTest::start_in::<Service>(&settings, self.slice.schema.clone(), Arc::clone(&self.slice.keys)).await
    }
}
