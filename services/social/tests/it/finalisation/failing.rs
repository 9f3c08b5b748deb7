//! Challenges and seats that cannot be finalised.

use std::time::Duration;

use orchard_proto::social::v1 as pb;
use uuid::Uuid;

use super::{UNTIL_DUE, number};
use crate::world::{World, id, new_challenge};

/// The period of a worker that sweeps once in a test, when it starts.
const ONCE: Duration = Duration::from_hours(1);

/// A score whose seats cannot be judged.
const BAD: i32 = 13;

const FAILURES: &str = "SELECT failures::bigint FROM challenge_finalisations WHERE challenge_id = $1";

impl World {
    /// Restarts the service, which sweeps once.
    async fn restarted(self) -> anyhow::Result<Self> {
        let slice = self.replica(ONCE).await?;
        self.slice.running.stop().await?;
        Ok(Self { slice, ..self })
    }

    /// Makes PostgreSQL refuse to judge seats with the score [`BAD`].
    async fn break_seats(&self) -> anyhow::Result<()> {
        let refuse = format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE OF completion_status ON challenge_participants
             FOR EACH ROW WHEN (old.final_score = {BAD}) EXECUTE FUNCTION refuse()"
        );
        Ok(self.slice.schema.connect().await?.batch_execute(&refuse).await?)
    }

    async fn mend_seats(&self) -> anyhow::Result<()> {
        Ok(self.slice.schema.connect().await?.batch_execute("DROP TRIGGER refuse ON challenge_participants").await?)
    }

    async fn has_ended(&self, user: Uuid, challenge: &str) -> anyhow::Result<bool> {
        Ok(self.seat(user, challenge).await?.completion_time.is_some())
    }

    /// Joins a challenge, with a score.
    async fn seat_with(&self, user: Uuid, challenge: &str, score: i32) -> anyhow::Result<()> {
        self.join(user, challenge).await?;
        let set = "UPDATE challenge_participants SET final_score = $2, updated_at = now() WHERE user_id = $1";
        self.slice.schema.connect().await?.execute(set, &[&user, &score]).await?;
        Ok(())
    }
}

#[tokio::test]
async fn challenges_that_fail_are_tried_again_after_the_others() -> anyhow::Result<()> {
    let world = World::finalising_every(ONCE).await?;
    let mut bad = Vec::new();
    // More than are read at once, and due before the good one.
    for _ in 0..25 {
        let request = pb::CreateChallengeRequest { duration_days: 6, ..new_challenge() };
        let challenge = world.official(request).await?;
        world.seat_with(id(), &challenge, BAD).await?;
        bad.push(challenge);
    }
    let good = world.official(new_challenge()).await?;
    world.seat_with(id(), &good, 1).await?;
    world.break_seats().await?;
    world.clock.advance(UNTIL_DUE);
    let world = world.restarted().await?;
    world.finalised(&good).await?;
    for challenge in &bad {
        assert_eq!(number(&world, FAILURES, challenge).await?, 1);
        assert!(!world.is_final(challenge).await?);
    }

    // Before the wait is over, a sweep does not try them again; an operator may.
    let longer = "UPDATE challenge_finalisations SET retry_at = retry_at + interval '1 hour'";
    assert_eq!(world.slice.schema.connect().await?.execute(longer, &[]).await?, 25);
    let world = world.restarted().await?;
    world.mend_seats().await?;
    world.finalise(&bad[0]).await?;
    world.finalised(&bad[0]).await?;
    assert!(!world.is_final(&bad[1]).await?);

    world.clock.advance(Duration::from_hours(2));
    let world = world.restarted().await?;
    for challenge in &bad {
        world.finalised(challenge).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_seat_that_fails_keeps_no_other_from_ending() -> anyhow::Result<()> {
    let world = World::finalising_every(ONCE).await?;
    let dateless = || pb::CreateChallengeRequest { start_date: None, duration_days: 1, ..new_challenge() };
    let (first, second) = (world.official(dateless()).await?, world.official(dateless()).await?);
    let [bad, beside, elsewhere] = [(); 3].map(|()| id());
    world.seat_with(bad, &first, BAD).await?;
    world.seat_with(beside, &first, 1).await?;
    world.clock.advance(Duration::from_hours(24));
    world.seat_with(elsewhere, &second, 1).await?;
    world.break_seats().await?;
    world.clock.advance(Duration::from_hours(24 * 5));
    let world = world.restarted().await?;
    world.until(async || world.has_ended(elsewhere, &second).await).await?;
    assert!(world.has_ended(beside, &first).await?);
    assert!(!world.has_ended(bad, &first).await?);

    world.mend_seats().await?;
    world.clock.advance(Duration::from_secs(2));
    let world = world.restarted().await?;
    world.until(async || world.has_ended(bad, &first).await).await?;
    Ok(())
}

/// The sweep waits for a user who is locked.
#[tokio::test]
async fn what_an_operator_asks_for_does_not_wait_for_the_rest() -> anyhow::Result<()> {
    let world = World::finalising_every(ONCE).await?;
    let long = world.official(pb::CreateChallengeRequest { duration_days: 6, ..new_challenge() }).await?;
    let asked = world.official(new_challenge()).await?;
    let user = id();
    world.join(user, &long).await?;
    world.join(id(), &asked).await?;
    let mut locker = world.slice.schema.connect().await?;
    let own: i32 = locker.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
    let lock = locker.transaction().await?;
    lock.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", &[&user]).await?;
    world.clock.advance(UNTIL_DUE);
    let world = world.restarted().await?;
    let watcher = world.slice.schema.connect().await?;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))";
    world.until(async || Ok(watcher.query_one(waiting, &[&own]).await?.get::<_, i64>(0) > 0)).await?;
    world.finalise(&asked).await?;
    world.finalised(&asked).await?;
    lock.rollback().await?;
    world.finalised(&long).await?;
    Ok(())
}
