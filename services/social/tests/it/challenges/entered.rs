//! Joining by code, and entry requirements.

use std::sync::Arc;

use orchard_proto::family::v1 as family;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use orchard_testkit::keys::DevKeys;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::achievements::award;
use crate::world::{NOWHERE, World, id, new_challenge};

fn private() -> pb::CreateChallengeRequest {
    pb::CreateChallengeRequest { is_public: Some(false), ..new_challenge() }
}

impl World {
    async fn join_by(&self, user: Uuid, join_code: &str) -> Result<pb::Participant, Status> {
        let request = pb::JoinChallengeRequest { join_code: join_code.to_owned(), ..Default::default() };
        let mut client = self.challenges(user).expect("client");
        Ok(client.join_challenge(request).await?.into_inner().participant.expect("a participant"))
    }

    /// Creates a challenge of the platform with entry requirements.
    async fn requiring(&self, requirements: pb::EntryRequirements) -> anyhow::Result<String> {
        let request = pb::CreateChallengeRequest { entry_requirements: Some(requirements), ..new_challenge() };
        let made = self.challenges_as(id(), &["operator"]).create_challenge(request).await?.into_inner();
        Ok(made.challenge.expect("a challenge").challenge_id)
    }
}

/// Returns the unmet requirement, what is required, and what the user has.
fn unmet(result: Result<pb::Participant, Status>) -> [String; 3] {
    let status = result.expect_err("not admitted");
    let unmet = ["requirement", "required", "actual"].map(|key| metadata(&status, key).unwrap_or_default());
    assert_eq!(refused::<()>(Err(status)), (Code::FailedPrecondition, "ENTRY_REQUIREMENT_UNMET".to_owned()));
    unmet
}

#[tokio::test]
async fn a_private_challenge_is_read_and_joined_only_by_code() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (me, friend, stranger) = (id(), id(), id());
    let made = world.create(me, private()).await?;
    let (challenge, code) = (made.challenge_id.as_str(), made.join_code.as_str());
    assert!(!made.is_public && code.len() == 10, "{made:?}");
    let not_found = (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned());
    assert_eq!(refused(world.get(stranger, challenge).await), not_found);
    assert_eq!(refused(world.join(stranger, challenge).await), not_found);
    assert_eq!(refused(world.join_by(stranger, "BCDFGHJKMN").await), not_found);
    let by_code = pb::GetChallengeRequest { join_code: code.to_lowercase(), ..Default::default() };
    let seen = world.challenges(friend)?.get_challenge(by_code).await?.into_inner().challenge.expect("a challenge");
    assert_eq!((seen.challenge_id.as_str(), seen.join_code.as_str()), (challenge, ""), "only the creator sees the code");
    let seat = world.join_by(friend, &format!(" {} ", code.to_lowercase())).await?;
    assert_eq!((seat.challenge_id.as_str(), world.join(friend, challenge).await?), (challenge, seat.clone()));
    assert_eq!(world.get(friend, challenge).await?.participant_count, 1, "participants can read the challenge");
    assert_eq!(world.get(me, challenge).await?.join_code, code);
    world.join(me, challenge).await?;
    // A participant who has left can no longer read the challenge, but join it again.
    world.withdraw(friend, challenge).await?;
    assert_eq!(refused(world.get(friend, challenge).await), not_found);
    assert_eq!(world.join(friend, challenge).await?, seat);
    Ok(())
}

#[tokio::test]
async fn a_challenge_is_named_by_either_an_id_or_a_code() -> anyhow::Result<()> {
    let world = World::start().await?;
    for (challenge_id, join_code, path) in [
        ("", "", "challenge_id"),
        ("x", "", "challenge_id"),
        ("", "short", "join_code"),
        ("", "BCDFG_2345", "join_code"),
        ("3f1f2c1e-97a5-4c38-8df2-5f9a8a5b0c01", "BCDFGHJKMN", "join_code"),
    ] {
        let (challenge_id, join_code) = (challenge_id.to_owned(), join_code.to_owned());
        let get = pb::GetChallengeRequest { challenge_id: challenge_id.clone(), join_code: join_code.clone() };
        assert_eq!(violations(world.challenges(id())?.get_challenge(get).await), [path]);
        let join = pb::JoinChallengeRequest { challenge_id, join_code };
        assert_eq!(violations(world.challenges(id())?.join_challenge(join).await), [path]);
    }
    Ok(())
}

#[tokio::test]
async fn publishing_removes_the_code_and_making_private_creates_a_new_one() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let me = id();
    let request = pb::CreateChallengeRequest { start_date: None, ..private() };
    let made = world.create(me, request).await?;
    let set = async |is_public| {
        let challenge = Some(pb::Challenge { challenge_id: made.challenge_id.clone(), is_public, ..Default::default() });
        let update_mask = Some(prost_types::FieldMask { paths: vec!["is_public".to_owned()] });
        let request = pb::UpdateChallengeRequest { challenge, update_mask };
        world.challenges(me)?.update_challenge(request).await.map_err(anyhow::Error::from)
    };
    let same = set(false).await?.into_inner().challenge.expect("one");
    assert_eq!(same.join_code, made.join_code);
    assert_eq!(set(true).await?.into_inner().challenge.expect("one").join_code, "");
    assert_eq!(refused(world.join_by(id(), &made.join_code).await).1, "CHALLENGE_NOT_FOUND");
    let closed = set(false).await?.into_inner().challenge.expect("one");
    assert!(closed.join_code.len() == 10 && closed.join_code != made.join_code);
    world.join_by(id(), &closed.join_code).await?;
    Ok(())
}

#[tokio::test]
async fn completed_challenges_can_be_required() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.requiring(pb::EntryRequirements { challenges_completed: 2, ..Default::default() }).await?;
    let user = id();
    let client = world.slice.schema.connect().await?;
    for done in 0..2 {
        assert_eq!(unmet(world.join(user, &challenge).await), ["challenges_completed", "2", &done.to_string()]);
        let other = world.official(new_challenge()).await?;
        world.join(user, &other).await?;
        let complete = "UPDATE challenge_participants SET completion_status = 'completed' WHERE user_id = $1";
        client.execute(complete, &[&user]).await?;
    }
    world.join(user, &challenge).await?;
    Ok(())
}

#[tokio::test]
async fn badges_can_be_required() -> anyhow::Result<()> {
    let world = World::start().await?;
    let badges = vec!["early".to_owned(), "late".to_owned()];
    let challenge = world.requiring(pb::EntryRequirements { badges, ..Default::default() }).await?;
    let (user, other) = (id(), id());
    world.settle(user, pb::PrivacyLevel::Private).await?;
    world.settle(other, pb::PrivacyLevel::Private).await?;
    assert_eq!(unmet(world.join(user, &challenge).await), ["badges", "early, late", ""]);
    for (of, badge) in [(user, "early"), (other, "late"), (user, "else")] {
        let request = pb::AwardAchievementRequest { badge_awarded: badge.to_owned(), ..award(of, badge) };
        world.award_as(id(), request).await?;
    }
    assert_eq!(unmet(world.join(user, &challenge).await), ["badges", "early, late", "early"]);
    world.award_as(id(), pb::AwardAchievementRequest { badge_awarded: "late".to_owned(), ..award(user, "l") }).await?;
    world.join(user, &challenge).await?;
    Ok(())
}

#[tokio::test]
async fn an_account_age_can_be_required() -> anyhow::Result<()> {
    let world = World::start().await?;
    let challenge = world.requiring(pb::EntryRequirements { account_age_days: 3, ..Default::default() }).await?;
    let (user, stranger) = (id(), id());
    world.settle(user, pb::PrivacyLevel::Private).await?;
    for who in [user, stranger] {
        assert_eq!(unmet(world.join(who, &challenge).await), ["account_age_days", "3", "0"]);
    }
    world.clock.advance(std::time::Duration::from_hours(72));
    world.join(user, &challenge).await?;
    Ok(())
}

#[tokio::test]
async fn a_family_plan_can_be_required() -> anyhow::Result<()> {
    let (world, families) = World::with_family().await?;
    let challenge = world.requiring(pb::EntryRequirements { family_plan: true, ..Default::default() }).await?;
    let user = id();
    assert_eq!(unmet(world.join(user, &challenge).await), ["family_plan", "true", "false"]);
    let request =
        family::CreatePlanRequest { family_name: "F".to_owned(), time_zone: "UTC".to_owned(), request_id: id().to_string() };
    let plan = PlanServiceClient::new(families.user(user)?).create_plan(request).await?.into_inner().plan.expect("a plan");
    let seat = world.join(user, &challenge).await?;
    let close = family::DeactivatePlanRequest { family_plan_id: plan.family_plan_id };
    PlanServiceClient::new(families.user(user)?).deactivate_plan(close).await?;
    assert_eq!(world.join(user, &challenge).await?, seat, "the seat stays when the plan is closed");
    world.withdraw(user, &challenge).await?;
    assert_eq!(world.join(user, &challenge).await?, seat, "who comes back meets no requirement again");
    Ok(())
}

/// Without an answer the call fails as unavailable, and nothing is written.
#[tokio::test]
async fn joining_fails_if_a_family_plan_is_required_and_the_family_service_is_down() -> anyhow::Result<()> {
    let world = World::asking(NOWHERE.parse()?, Arc::new(DevKeys::ephemeral()?)).await?;
    let challenge = world.requiring(pb::EntryRequirements { family_plan: true, ..Default::default() }).await?;
    let user = id();
    let unavailable = (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned());
    assert_eq!(refused(world.join(user, &challenge).await), unavailable);
    let client = world.slice.schema.connect().await?;
    let left = "SELECT (SELECT count(*) FROM challenge_participants) + (SELECT sum(participant_count) FROM community_challenges)
                       + (SELECT count(*) FROM users) + (SELECT count(*) FROM leaderboard_changes)";
    assert_eq!(client.query_one(left, &[]).await?.get::<_, i64>(0), 0);
    let without = world.requiring(pb::EntryRequirements::default()).await?;
    world.join(user, &without).await?;
    Ok(())
}
