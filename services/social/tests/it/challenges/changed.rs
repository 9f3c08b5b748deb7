//! Changing, deactivating and reactivating challenges.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{metadata, refused, violations};
use orchard_testkit::keys::DevKeys;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::friends::a_child;
use crate::world::{NOWHERE, World, consistency, date, days_ago, id, minutes, new_challenge};

fn upcoming() -> pb::CreateChallengeRequest {
    pb::CreateChallengeRequest { start_date: date(days_ago(-3)), ..new_challenge() }
}

impl World {
    async fn update(
        &self,
        (user, roles): (Uuid, &[&str]),
        challenge: pb::Challenge,
        paths: &[&str],
    ) -> Result<pb::Challenge, Status> {
        let update_mask = Some(prost_types::FieldMask { paths: paths.iter().map(ToString::to_string).collect() });
        let request = pb::UpdateChallengeRequest { challenge: Some(challenge), update_mask };
        Ok(self.challenges_as(user, roles).update_challenge(request).await?.into_inner().challenge.expect("a challenge"))
    }
}

fn points(points: i32) -> Option<pb::Reward> {
    Some(pb::Reward { points, ..Default::default() })
}

#[tokio::test]
async fn an_update_changes_only_the_fields_of_the_mask() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let me = id();
    let before = world.create(me, upcoming()).await?;
    let new = pb::Challenge {
        challenge_id: before.challenge_id.clone(),
        challenge_name: "Six a day".to_owned(),
        description: "More.".to_owned(),
        difficulty_level: 5,
        duration_days: 10,
        max_participants: Some(9),
        start_date: date(days_ago(-5)),
        scoring: consistency(6),
        entry_requirements: Some(pb::EntryRequirements { badges: vec!["early".to_owned()], ..Default::default() }),
        success_criteria: Some(pb::SuccessCriteria { active_days: 10, ..Default::default() }),
        reward_structure: Some(pb::RewardStructure {
            completion: points(10),
            rank_bands: vec![pb::RankBand { from_rank: 1, to_rank: 9, reward: points(90) }],
        }),
        ..Default::default()
    };
    let renamed = world.update((me, &[]), new.clone(), &["challenge_name"]).await?;
    assert_eq!(renamed, pb::Challenge { challenge_name: "Six a day".to_owned(), ..before.clone() });
    let paths = [
        "description",
        "difficulty_level",
        "duration_days",
        "max_participants",
        "start_date",
        "scoring",
        "entry_requirements",
        "success_criteria",
        "reward_structure",
    ];
    let all = world.update((me, &[]), new.clone(), &paths).await?;
    let expected = pb::Challenge {
        challenge_type: before.challenge_type,
        creator_user_id: me.to_string(),
        is_active: true,
        is_public: true,
        end_date: date(days_ago(-14)),
        create_time: before.create_time,
        ..new
    };
    assert_eq!(all, expected);
    assert_eq!(
        world.get(id(), &before.challenge_id).await?,
        pb::Challenge { creator_user_id: String::new(), ..expected.clone() }
    );
    let cleared = pb::Challenge { challenge_id: before.challenge_id, ..Default::default() };
    let paths = ["start_date", "max_participants", "entry_requirements", "success_criteria", "reward_structure"];
    let cleared = world.update((me, &[]), cleared, &paths).await?;
    assert_eq!(
        (cleared.start_date, cleared.end_date, cleared.max_participants, cleared.reward_structure),
        (None, None, None, None)
    );
    Ok(())
}

#[tokio::test]
async fn invalid_updates_are_refused_by_field_and_change_nothing() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let before = world.create(me, upcoming()).await?;
    let of = || pb::Challenge { challenge_id: before.challenge_id.clone(), ..Default::default() };
    let rewards = |completion, bands: &[(i32, i32)]| {
        let band =
            |(from_rank, to_rank): &(i32, i32)| pb::RankBand { from_rank: *from_rank, to_rank: *to_rank, reward: points(1) };
        Some(pb::RewardStructure { completion, rank_bands: bands.iter().map(band).collect() })
    };
    let table = [
        (of(), vec!["challenge_name", "difficulty_level"], vec!["challenge.challenge_name", "challenge.difficulty_level"]),
        (of(), vec!["scoring"], vec!["challenge.scoring"]),
        (pb::Challenge { scoring: minutes(1, 1), ..of() }, vec!["scoring"], vec!["challenge.scoring"]),
        (pb::Challenge { start_date: date(days_ago(2)), ..of() }, vec!["start_date"], vec!["challenge.start_date"]),
        (
            pb::Challenge { success_criteria: Some(pb::SuccessCriteria { active_days: 8, ..Default::default() }), ..of() },
            vec!["success_criteria"],
            vec!["challenge.success_criteria.active_days"],
        ),
        (
            pb::Challenge { reward_structure: rewards(points(101), &[(2, 3), (3, 1_000_001)]), ..of() },
            vec!["reward_structure"],
            vec![
                "challenge.reward_structure.rank_bands[0].from_rank",
                "challenge.reward_structure.rank_bands[1].from_rank",
                "challenge.reward_structure.rank_bands[1].to_rank",
                "challenge.reward_structure.completion.points",
            ],
        ),
        (of(), vec!["participant_count"], vec!["update_mask"]),
        (of(), vec![], vec!["update_mask"]),
        (pb::Challenge::default(), vec!["description"], vec!["challenge.challenge_id", "challenge.description"]),
    ];
    for (challenge, mask, paths) in table {
        assert_eq!(violations(world.update((me, &[]), challenge, &mask).await), paths, "{mask:?}");
    }
    let reward =
        pb::Reward { points: 10_001, badge: "conversions_5".to_owned(), special_reward: Some(pb::SpecialReward::default()) };
    let bad = pb::CreateChallengeRequest {
        entry_requirements: Some(pb::EntryRequirements {
            challenges_completed: -1,
            badges: vec![String::new()],
            family_plan: false,
            account_age_days: 4_000,
        }),
        success_criteria: Some(pb::SuccessCriteria { min_score: -1, active_days: -1, longest_streak: 367, distinct_fruits: 201 }),
        reward_structure: Some(pb::RewardStructure { completion: Some(reward), rank_bands: vec![pb::RankBand::default()] }),
        ..upcoming()
    };
    let paths = [
        "entry_requirements.challenges_completed",
        "entry_requirements.badges[0]",
        "entry_requirements.account_age_days",
        "success_criteria.min_score",
        "success_criteria.active_days",
        "success_criteria.longest_streak",
        "success_criteria.distinct_fruits",
        "reward_structure.completion.points",
        "reward_structure.completion.badge",
        "reward_structure.completion.special_reward.reward",
        "reward_structure.rank_bands[0].reward",
    ];
    assert_eq!(violations(world.create(me, bad).await), paths);
    assert_eq!(world.get(me, &before.challenge_id).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_started_challenge_cannot_be_changed() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let name = |challenge: &pb::Challenge| pb::Challenge {
        challenge_id: challenge.challenge_id.clone(),
        challenge_name: "New".to_owned(),
        ..Default::default()
    };
    let started = (Code::FailedPrecondition, "CHALLENGE_STARTED".to_owned());
    let running = world.create(me, new_challenge()).await?;
    assert_eq!(refused(world.update((me, &[]), name(&running), &["challenge_name"]).await), started);
    let open = world.create(me, pb::CreateChallengeRequest { start_date: None, ..new_challenge() }).await?;
    world.update((me, &[]), name(&open), &["challenge_name"]).await?;
    world.join(id(), &open.challenge_id).await?;
    assert_eq!(refused(world.update((me, &[]), name(&open), &["challenge_name"]).await), started);
    let soon = world.create(me, upcoming()).await?;
    world.clock.advance(Duration::from_hours(48 + 10));
    assert_eq!(
        refused(world.update((me, &[]), name(&soon), &["challenge_name"]).await),
        started,
        "the first day has begun in the east"
    );
    Ok(())
}

#[tokio::test]
async fn seats_cannot_be_fewer_than_are_taken() -> anyhow::Result<()> {
    let world = World::start().await?;
    let me = id();
    let challenge = world.create(me, upcoming()).await?;
    for _ in 0..2 {
        world.join(id(), &challenge.challenge_id).await?;
    }
    let seats = |seats| pb::Challenge {
        challenge_id: challenge.challenge_id.clone(),
        max_participants: Some(seats),
        ..Default::default()
    };
    let status = world.update((me, &[]), seats(1), &["max_participants"]).await.expect_err("too few");
    assert_eq!(metadata(&status, "max_participants").as_deref(), Some("1"));
    assert_eq!(refused::<()>(Err(status)), (Code::FailedPrecondition, "CHALLENGE_FULL".to_owned()));
    assert_eq!(world.update((me, &[]), seats(2), &["max_participants"]).await?.max_participants, Some(2));
    assert_eq!(refused(world.join(id(), &challenge.challenge_id).await).1, "CHALLENGE_FULL");
    Ok(())
}

#[tokio::test]
async fn only_the_creator_and_operators_can_change_a_challenge() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let me = id();
    let challenge = world.create(me, upcoming()).await?;
    let name =
        || pb::Challenge { challenge_name: "New".to_owned(), challenge_id: challenge.challenge_id.clone(), ..Default::default() };
    let stranger = (Code::PermissionDenied, "NOT_CREATOR".to_owned());
    assert_eq!(refused(world.update((id(), &[]), name(), &["challenge_name"]).await), stranger);
    assert_eq!(refused(world.update((id(), &["moderator"]), name(), &["challenge_name"]).await), stranger);
    assert_eq!(world.update((id(), &["operator"]), name(), &["challenge_name"]).await?.challenge_name, "New");
    let private = world.create(me, pb::CreateChallengeRequest { is_public: Some(false), ..upcoming() }).await?;
    let other = pb::Challenge { challenge_id: private.challenge_id, challenge_name: "N".to_owned(), ..Default::default() };
    let unknown = world.update((id(), &[]), other, &["challenge_name"]).await;
    assert_eq!(refused(unknown), (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned()));
    Ok(())
}

#[tokio::test]
async fn creators_deactivate_and_moderators_reactivate_a_challenge() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (me, seated) = (id(), id());
    let challenge = world.create(me, new_challenge()).await?.challenge_id;
    world.join(seated, &challenge).await?;
    let deactivate = |user, roles: &'static [&str]| {
        let request = pb::DeactivateChallengeRequest { challenge_id: challenge.clone() };
        let mut client = world.challenges_as(user, roles);
        async move { client.deactivate_challenge(request).await.map(|answer| answer.into_inner().challenge.expect("one").is_active) }
    };
    let reactivate = |user, roles: &'static [&str]| {
        let request = pb::ReactivateChallengeRequest { challenge_id: challenge.clone() };
        let mut client = world.challenges_as(user, roles);
        async move { client.reactivate_challenge(request).await.map(|answer| answer.into_inner().challenge.expect("one").is_active) }
    };
    assert_eq!(refused(deactivate(id(), &[]).await), (Code::PermissionDenied, "NOT_CREATOR".to_owned()));
    assert!(!deactivate(me, &[]).await?);
    assert!(!deactivate(me, &[]).await?, "a repeated call changes nothing");
    let inactive = (Code::FailedPrecondition, "CHALLENGE_INACTIVE".to_owned());
    assert_eq!(refused(world.join(id(), &challenge).await), inactive);
    assert_eq!(refused(world.record(seated, &challenge, days_ago(0), &[], 0).await), inactive);
    assert_eq!(refused(reactivate(me, &[]).await), (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned()));
    assert!(reactivate(id(), &["moderator"]).await?);
    world.join(id(), &challenge).await?;
    assert!(!deactivate(id(), &["moderator"]).await?);
    assert!(reactivate(id(), &["operator"]).await?);
    Ok(())
}

#[tokio::test]
async fn children_cannot_create_public_challenges() -> anyhow::Result<()> {
    let (world, family) = World::with_family().await?;
    let child = id();
    a_child(&family, child).await?;
    let not_permitted = (Code::PermissionDenied, "CHILD_NOT_PERMITTED".to_owned());
    assert_eq!(refused(world.create(child, upcoming()).await), not_permitted);
    let private = world.create(child, pb::CreateChallengeRequest { is_public: Some(false), ..upcoming() }).await?;
    let open = pb::Challenge { is_public: true, ..private.clone() };
    assert_eq!(refused(world.update((child, &[]), open, &["is_public"]).await), not_permitted);
    assert!(!world.get(child, &private.challenge_id).await?.is_public);
    Ok(())
}

/// Without an answer whether the caller is a child, nothing is written.
#[tokio::test]
async fn users_cannot_publish_without_the_family_service() -> anyhow::Result<()> {
    let world = World::asking(NOWHERE.parse()?, Arc::new(DevKeys::ephemeral()?)).await?;
    let unavailable = (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned());
    let request = upcoming();
    assert_eq!(refused(world.create(id(), request.clone()).await), unavailable);
    let client = world.slice.schema.connect().await?;
    let rows =
        client.query_one("SELECT (SELECT count(*) FROM community_challenges) + (SELECT count(*) FROM idempotency_keys)", &[]);
    assert_eq!(rows.await?.get::<_, i64>(0), 0);
    let by_operator = world.challenges_as(id(), &["operator"]).create_challenge(request).await?;
    assert!(by_operator.into_inner().challenge.is_some(), "operators are not asked about");
    world.create(id(), pb::CreateChallengeRequest { is_public: Some(false), ..upcoming() }).await?;
    Ok(())
}

#[tokio::test]
async fn the_last_day_counts_a_leap_day() -> anyhow::Result<()> {
    let world = World::start().await?;
    let first = NaiveDate::from_ymd_opt(2028, 2, 28).expect("a date");
    let request = pb::CreateChallengeRequest { start_date: date(first), duration_days: 3, ..new_challenge() };
    let challenge = world.create(id(), request).await?;
    assert_eq!(challenge.end_date, date(first + chrono::TimeDelta::days(2)));
    Ok(())
}
