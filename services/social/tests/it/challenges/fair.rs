//! Rewards that cannot be minted, and rules that cannot be walked around.

use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use tonic::Code;

use crate::finalisation::{points, rewards};
use crate::world::{World, date, days_ago, id, minutes, new_challenge};

const DAY: Duration = Duration::from_hours(24);
/// From now until a challenge of one day, which is today, is due.
const UNTIL_DUE: Duration = Duration::from_hours(3 * 24 + 12);

/// A private challenge of one day, today, that gives 100 points and a badge.
fn generous() -> pb::CreateChallengeRequest {
    let mut reward_structure = rewards(60, &[(1, 1, 40)]);
    for reward in reward_structure.iter_mut().flat_map(|all| &mut all.completion) {
        reward.badge = "champion".to_owned();
    }
    pb::CreateChallengeRequest {
        duration_days: 1,
        start_date: date(days_ago(0)),
        scoring: minutes(1, 10),
        is_public: Some(false),
        reward_structure,
        ..new_challenge()
    }
}

fn without_dates() -> pb::CreateChallengeRequest {
    pb::CreateChallengeRequest { duration_days: 1, start_date: None, scoring: minutes(1, 10), ..new_challenge() }
}

#[tokio::test]
async fn users_own_challenges_give_a_hundred_points_a_day_and_badges_of_their_own() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let me = id();
    let mut made = Vec::new();
    for _ in 0..3 {
        let challenge = world.create(me, generous()).await?.challenge_id;
        world.join(me, &challenge).await?;
        world.record(me, &challenge, days_ago(0), &[], 1).await?;
        made.push(challenge);
    }
    world.clock.advance(UNTIL_DUE);
    for challenge in &made {
        world.finalised(challenge).await?;
    }
    let summary = world.summary(me, me).await?;
    assert_eq!(summary.total_points, 100);
    let mut badges: Vec<String> = made.iter().map(|challenge| format!("user:{challenge}/champion")).collect();
    badges.sort();
    assert_eq!(summary.badges, badges);
    assert!(world.milestones(me, me).await?.iter().all(|milestone| milestone.current == 0), "nothing is counted");
    let mut given = 0;
    for challenge in &made {
        let earned = world.seat(me, challenge).await?.rewards_earned.expect("rewards");
        given += [earned.completion, earned.rank].into_iter().flatten().map(|reward| reward.points).sum::<i32>();
    }
    assert_eq!(given, 100, "seats show what was given");
    for requirements in [
        pb::EntryRequirements { badges: vec!["champion".to_owned()], ..Default::default() },
        pb::EntryRequirements { challenges_completed: 1, ..Default::default() },
    ] {
        let start_date = date(days_ago(-3));
        let asking = pb::CreateChallengeRequest { entry_requirements: Some(requirements), start_date, ..new_challenge() };
        let asking = world.official(asking).await?;
        assert_eq!(refused(world.join(me, &asking).await).1, "ENTRY_REQUIREMENT_UNMET");
    }
    // On another day there are more.
    let start_date = date(days_ago(-4));
    world.clock.advance(Duration::from_hours(12));
    let another = world.create(me, pb::CreateChallengeRequest { start_date, ..generous() }).await?.challenge_id;
    world.join(me, &another).await?;
    world.record(me, &another, days_ago(-4), &[], 1).await?;
    world.clock.advance(UNTIL_DUE);
    world.finalised(&another).await?;
    assert_eq!(world.summary(me, me).await?.total_points, 200);
    Ok(())
}

#[tokio::test]
async fn users_create_a_few_challenges_a_day_and_have_a_few_in_use() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let me = id();
    let too_many = (Code::FailedPrecondition, "TOO_MANY_CHALLENGES".to_owned());
    let mut last = String::new();
    for _ in 0..4 {
        for _ in 0..5 {
            last = world.create(me, without_dates()).await?.challenge_id;
        }
        let status = world.create(me, without_dates()).await.expect_err("too many a day");
        assert_eq!(metadata(&status, "max_per_day").as_deref(), Some("5"));
        assert_eq!(refused::<()>(Err(status)), too_many);
        world.clock.advance(DAY);
    }
    assert_eq!(refused(world.create(me, without_dates()).await), too_many, "20 are in use");
    let deactivate = pb::DeactivateChallengeRequest { challenge_id: last };
    world.challenges(me)?.deactivate_challenge(deactivate).await?;
    world.create(me, without_dates()).await?;
    world.create(id(), without_dates()).await?;
    let more = pb::CreateChallengeRequest { reward_structure: rewards(60, &[(1, 1, 41)]), ..generous() };
    assert_eq!(violations(world.create(id(), more).await), ["reward_structure.rank_bands[0].reward.points"]);
    Ok(())
}

#[tokio::test]
async fn badges_cannot_look_like_those_of_milestones_or_of_users() -> anyhow::Result<()> {
    let world = World::start().await?;
    for badge in [
        "challenges_completed_25",
        "challenges_completed_25\u{200B}",
        "\u{441}hallenges_completed_25",
        "Challenges_Completed_25",
        "user:1/champion",
        "\u{3164}",
    ] {
        let completion = Some(pb::Reward { badge: badge.to_owned(), ..Default::default() });
        let reward_structure = Some(pb::RewardStructure { completion, rank_bands: Vec::new() });
        let request = pb::CreateChallengeRequest { reward_structure, ..new_challenge() };
        let answer = world.challenges_as(id(), &["operator"]).create_challenge(request).await;
        assert_eq!(violations(answer), ["reward_structure.completion.badge"], "{badge:?}");
    }
    Ok(())
}

#[tokio::test]
async fn whoever_only_joined_gets_no_reward_for_a_rank_and_completes_nothing() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let challenge = world.official(pb::CreateChallengeRequest { is_public: Some(true), ..generous() }).await?;
    let (first, idle) = (id(), id());
    for user in [first, idle] {
        world.join(user, &challenge).await?;
    }
    world.record(first, &challenge, days_ago(0), &[], 1).await?;
    let all = pb::RewardStructure {
        completion: points(1),
        rank_bands: vec![pb::RankBand { from_rank: 1, to_rank: 9, reward: points(9) }],
    };
    let of_all = pb::CreateChallengeRequest { reward_structure: Some(all), is_public: Some(true), ..generous() };
    let empty = world.official(of_all).await?;
    world.join(idle, &empty).await?;
    world.clock.advance(UNTIL_DUE);
    world.finalised(&challenge).await?;
    world.finalised(&empty).await?;
    assert_eq!(world.seat(idle, &empty).await?.rank_position, Some(1));
    assert_eq!(world.seat(idle, &empty).await?.rewards_earned.and_then(|earned| earned.rank), None);
    assert!(world.achieved(idle, idle).await?.is_empty());
    let nothing = Some(pb::SuccessCriteria::default());
    let request = pb::CreateChallengeRequest { success_criteria: nothing, ..new_challenge() };
    assert_eq!(violations(world.create(id(), request).await), ["success_criteria.min_score"]);
    Ok(())
}

#[tokio::test]
async fn a_creator_cannot_withhold_results() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (me, user) = (id(), id());
    let challenge = world.create(me, pb::CreateChallengeRequest { is_public: Some(true), ..generous() }).await?.challenge_id;
    let open = world.create(me, without_dates()).await?.challenge_id;
    for challenge in [&challenge, &open] {
        world.join(user, challenge).await?;
        world.record(user, challenge, days_ago(0), &[], 1).await?;
    }
    world.clock.advance(2 * DAY);
    for challenge_id in [challenge.clone(), open.clone()] {
        let deactivate = pb::DeactivateChallengeRequest { challenge_id };
        let answer = world.challenges(me)?.deactivate_challenge(deactivate).await;
        assert_eq!(refused(answer), (Code::FailedPrecondition, "CHALLENGE_ENDED".to_owned()));
    }
    world.clock.advance(2 * DAY);
    world.finalised(&challenge).await?;
    world.until(async || Ok(world.seat(user, &open).await?.completion_time.is_some())).await?;
    for challenge_id in [challenge, open] {
        let deactivate = pb::DeactivateChallengeRequest { challenge_id };
        world.challenges(me)?.deactivate_challenge(deactivate).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_days_of_a_seat_are_fixed_when_it_is_taken() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let zone = async |name: &str| {
        let profile = pb::Profile { time_zone: name.to_owned(), ..Default::default() };
        world.change(user, profile, &["time_zone"]).await
    };
    zone("Etc/GMT+12").await?;
    let challenge = world.official(without_dates()).await?;
    let west = (chrono::Utc::now() - chrono::TimeDelta::hours(12)).date_naive();
    world.join(user, &challenge).await?;
    world.record(user, &challenge, west, &[], 1).await?;
    zone("Pacific/Kiritimati").await?;
    let next = west + chrono::TimeDelta::days(1);
    assert_eq!(refused(world.record(user, &challenge, next, &[], 1).await).1, "DATE_NOT_OPEN");
    assert_eq!(world.record(user, &challenge, west, &[], 2).await?.participant.expect("a seat").final_score, 2);

    // Nor do the dates of a challenge change after somebody has joined.
    let me = id();
    let upcoming = pb::CreateChallengeRequest { start_date: date(days_ago(-3)), ..new_challenge() };
    let dated = world.create(me, upcoming).await?;
    world.join(user, &dated.challenge_id).await?;
    for (path, challenge) in [
        ("start_date", pb::Challenge { start_date: None, ..dated.clone() }),
        ("duration_days", pb::Challenge { duration_days: 9, ..dated.clone() }),
    ] {
        let update_mask = Some(prost_types::FieldMask { paths: vec![path.to_owned()] });
        let update = pb::UpdateChallengeRequest { challenge: Some(challenge), update_mask };
        assert_eq!(refused(world.challenges(me)?.update_challenge(update).await).1, "CHALLENGE_STARTED", "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn who_has_left_comes_back_until_their_last_day_without_meeting_requirements_again() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let requirements = Some(pb::EntryRequirements { badges: vec!["early".to_owned()], ..Default::default() });
    let challenge = world.official(pb::CreateChallengeRequest { entry_requirements: requirements, ..without_dates() }).await?;
    world.settle(user, pb::PrivacyLevel::FriendsOnly).await?;
    let badge = "INSERT INTO social_achievements (user_id, achievement_type, achievement_name, badge_awarded)
        VALUES ($1, 'recipe_featured', 'a', 'early')";
    let client = world.slice.schema.connect().await?;
    client.execute(badge, &[&user]).await?;
    world.join(user, &challenge).await?;
    world.record(user, &challenge, days_ago(0), &[], 3).await?;
    client.execute("DELETE FROM social_achievements", &[]).await?;
    world.withdraw(user, &challenge).await?;
    assert_eq!(world.join(user, &challenge).await?.final_score, 3);
    world.withdraw(user, &challenge).await?;
    world.clock.advance(2 * DAY);
    assert_eq!(refused(world.join(user, &challenge).await), (Code::FailedPrecondition, "CHALLENGE_ENDED".to_owned()));
    Ok(())
}

/// The age of an account counts from its first attempt to join, even a refused one.
#[tokio::test]
async fn an_account_ages_from_the_first_attempt_on() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let user = id();
    let requirements = Some(pb::EntryRequirements { account_age_days: 3, ..Default::default() });
    let challenge = world.official(pb::CreateChallengeRequest { entry_requirements: requirements, ..new_challenge() }).await?;
    assert_eq!(refused(world.join(user, &challenge).await).1, "ENTRY_REQUIREMENT_UNMET");
    world.clock.advance(3 * DAY);
    world.join(user, &challenge).await?;
    Ok(())
}
