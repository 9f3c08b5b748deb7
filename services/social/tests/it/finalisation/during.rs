//! What happens while a challenge is being finalised.

use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::refused;
use uuid::Uuid;

use super::{UNTIL_DUE, number, rewards};
use crate::world::{World, days_ago, id, new_challenge};

/// Adds participants with random scores, enough for several steps. Returns their users, ordered by id.
pub async fn crowd(world: &World, challenge: &str, count: i32) -> anyhow::Result<Vec<Uuid>> {
    let client = world.slice.schema.connect().await?;
    let challenge: Uuid = challenge.parse()?;
    client.execute("INSERT INTO users (id) SELECT gen_random_uuid() FROM generate_series(1, $1)", &[&count]).await?;
    let users = "INSERT INTO challenge_participants (challenge_id, user_id, final_score)
        SELECT $1, id, (random() * 40)::int FROM users WHERE NOT EXISTS (SELECT FROM challenge_participants WHERE user_id = users.id)
        RETURNING user_id";
    let mut users: Vec<Uuid> = client.query(users, &[&challenge]).await?.iter().map(|row| row.get(0)).collect();
    let seats = "UPDATE community_challenges SET participant_count = $2, updated_at = now() WHERE id = $1";
    client.execute(seats, &[&challenge, &count]).await?;
    let changes = "INSERT INTO leaderboard_changes (challenge_id, new_score)
        SELECT challenge_id, final_score FROM challenge_participants WHERE challenge_id = $1 AND on_board";
    client.execute(changes, &[&challenge]).await?;
    users.sort_unstable();
    Ok(users)
}

/// Counts participants whose rank or status differs from a plain recount.
pub const WRONG: &str = "SELECT count(*) FROM (
    SELECT cp.*, rank() OVER (ORDER BY final_score DESC) AS recount FROM challenge_participants cp
    WHERE challenge_id = $1 AND completion_status <> 'withdrawn'
  ) cp
  WHERE rank_position IS DISTINCT FROM recount OR completion_date IS NULL
    OR completion_status <> CASE WHEN final_score > 0 THEN 'completed' ELSE 'failed' END";

/// A step waits for a locked user. Meanwhile other users hide, leave and are erased.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_during_finalisation_do_not_corrupt_ranks() -> anyhow::Result<()> {
    let world = World::start().await?;
    let request = pb::CreateChallengeRequest { reward_structure: rewards(1, &[(1, 1_000, 5)]), ..new_challenge() };
    let challenge = world.official(request).await?;
    let users = crowd(&world, &challenge, 450).await?;
    let mut locker = world.slice.schema.connect().await?;
    let lock = locker.transaction().await?;
    lock.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", &[&users[300]]).await?;
    world.clock.advance(UNTIL_DUE);
    let judged = "SELECT count(*) FROM challenge_participants WHERE challenge_id = $1 AND completion_status <> 'active'";
    world.until(async || Ok(number(&world, judged, &challenge).await? == 200)).await?;

    let (judged_user, active_user) = (users[10], users[440]);
    assert_eq!(refused(world.withdraw(judged_user, &challenge).await).1, "PARTICIPATION_ENDED");
    let late = world.record(judged_user, &challenge, days_ago(0), &[("apple", 5)], 0).await;
    assert_eq!(refused(late).1, "PARTICIPATION_ENDED");
    world.withdraw(active_user, &challenge).await?;
    for user in [users[11], users[439]] {
        world.show(user, &challenge, false).await?;
    }
    world.erase(users[12]).await?;
    world.erase(users[438]).await?;
    // The user who was judged last, too: judging begins again with those who are left.
    world.erase(users[199]).await?;
    lock.commit().await?;
    world.finalised(&challenge).await?;
    assert_eq!(number(&world, WRONG, &challenge).await?, 0);
    let ranked = "SELECT count(*) FROM challenge_participants WHERE challenge_id = $1 AND rank_position IS NOT NULL";
    assert_eq!(number(&world, ranked, &challenge).await?, 450 - 4);
    let given =
        "SELECT count(*) FROM social_achievements WHERE related_entity_id = $1 AND achievement_name LIKE 'Challenge: rank %'";
    let scored = format!("{ranked} AND final_score > 0");
    assert_eq!(number(&world, given, &challenge).await?, number(&world, &scored, &challenge).await?);
    let rest = "SELECT count(*) FROM challenge_finalisations WHERE challenge_id = $1";
    assert_eq!(number(&world, rest, &challenge).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deactivated_challenge_is_finalised_after_it_is_reactivated() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.official(new_challenge()).await?;
    let users = crowd(&world, &challenge, 450).await?;
    let mut locker = world.slice.schema.connect().await?;
    let lock = locker.transaction().await?;
    lock.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", &[&users[250]]).await?;
    world.clock.advance(UNTIL_DUE);
    let judged = "SELECT count(*) FROM challenge_participants WHERE challenge_id = $1 AND completion_status <> 'active'";
    world.until(async || Ok(number(&world, judged, &challenge).await? == 200)).await?;
    let mut operator = world.challenges_as(id(), &["operator"]);
    operator.deactivate_challenge(pb::DeactivateChallengeRequest { challenge_id: challenge.clone() }).await?;
    lock.commit().await?;
    assert_eq!(refused(world.finalise(&challenge).await).1, "CHALLENGE_INACTIVE");
    // The step that waited may still end; no other one begins.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(number(&world, judged, &challenge).await? <= 400);
    assert!(!world.is_final(&challenge).await?);
    operator.reactivate_challenge(pb::ReactivateChallengeRequest { challenge_id: challenge.clone() }).await?;
    world.finalised(&challenge).await?;
    assert_eq!(number(&world, WRONG, &challenge).await?, 0);
    Ok(())
}
