//! Creating, joining and counting challenges.

mod changed;
mod entered;
mod fair;
mod listed;

use std::sync::Arc;

use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::challenge_service_client::ChallengeServiceClient;
use orchard_testkit::answer::{metadata, refused, violations};
use orchard_testkit::client::insist;
use pb::scoring::Rule;
use tokio::task::JoinSet;
use tonic::Code;

use crate::world::{World, date, days_ago, id, minutes, new_challenge};

#[tokio::test]
async fn a_created_challenge_is_returned_and_read_back() -> anyhow::Result<()> {
    let world = World::start().await?;
    let creator = id();
    let rules = [
        (Rule::Consistency(pb::ConsistencyScoring { daily_target_servings: 5 }), pb::ChallengeType::Consistency),
        (Rule::Variety(pb::VarietyScoring { daily_cap: 8 }), pb::ChallengeType::Variety),
        (
            Rule::Seasonal(pb::SeasonalScoring { fruits: vec!["apple".to_owned(), "pear".to_owned()], daily_cap: 6 }),
            pb::ChallengeType::Seasonal,
        ),
        (
            Rule::GoalBased(pb::GoalScoring { unit: "minutes".to_owned(), points_per_unit: 2, daily_cap: 60 }),
            pb::ChallengeType::GoalBased,
        ),
    ];
    for (rule, challenge_type) in rules {
        let scoring = Some(pb::Scoring { rule: Some(rule) });
        let request = pb::CreateChallengeRequest { scoring: scoring.clone(), max_participants: Some(25), ..new_challenge() };
        let made = world.create(creator, request.clone()).await?;
        assert_eq!((made.challenge_type(), &made.scoring), (challenge_type, &scoring));
        assert_eq!((made.challenge_name.as_str(), made.difficulty_level, made.duration_days), ("Five a day", 2, 7));
        assert_eq!((made.max_participants, made.participant_count), (Some(25), 0));
        assert_eq!((made.start_date, made.end_date), (date(days_ago(1)), date(days_ago(-5))));
        assert_eq!(made.creator_user_id, creator.to_string());
        assert_eq!(world.create(creator, request.clone()).await?, made, "a repeated request returns the same challenge");
        assert_eq!(world.get(creator, &made.challenge_id).await?, made);
        let other = pb::CreateChallengeRequest { duration_days: 8, ..request };
        assert_eq!(refused(world.create(creator, other).await), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn challenges_of_operators_have_no_creator() -> anyhow::Result<()> {
    let world = World::start().await?;
    let operator = id();
    let mut client = ChallengeServiceClient::new(world.slice.user_with(operator, &["operator"])?);
    let challenge = client.create_challenge(new_challenge()).await?.into_inner().challenge.expect("a challenge");
    assert_eq!(challenge.creator_user_id, "");
    let client = world.slice.schema.connect().await?;
    let creators = client.query_one("SELECT count(created_by) FROM community_challenges", &[]).await?;
    assert_eq!(creators.get::<_, i64>(0), 0);
    Ok(())
}

#[tokio::test]
async fn invalid_challenges_are_refused_by_field() -> anyhow::Result<()> {
    let world = World::start().await?;
    let bad = pb::CreateChallengeRequest {
        challenge_name: " ".to_owned(),
        description: "\0".to_owned(),
        difficulty_level: 6,
        duration_days: 0,
        max_participants: Some(0),
        start_date: Some(orchard_proto::google::r#type::Date { year: 2026, month: 2, day: 30 }),
        scoring: None,
        request_id: "x".to_owned(),
        ..Default::default()
    };
    let paths = [
        "challenge_name",
        "description",
        "difficulty_level",
        "duration_days",
        "max_participants",
        "start_date",
        "scoring",
        "request_id",
    ];
    assert_eq!(violations(world.create(id(), bad).await), paths);
    for start in [days_ago(2), days_ago(-800)] {
        let request = pb::CreateChallengeRequest { start_date: date(start), ..new_challenge() };
        assert_eq!(violations(world.create(id(), request).await), ["start_date"], "{start}");
    }
    let rules = [
        (minutes(0, 100_001), vec!["scoring.goal_based.points_per_unit", "scoring.goal_based.daily_cap"]),
        (
            Some(pb::Scoring {
                rule: Some(Rule::Seasonal(pb::SeasonalScoring { fruits: vec!["Kiwi".to_owned(), " ".to_owned()], daily_cap: 0 })),
            }),
            vec!["scoring.seasonal.fruits[1]", "scoring.seasonal.daily_cap"],
        ),
        (Some(pb::Scoring { rule: None }), vec!["scoring"]),
    ];
    for (scoring, paths) in rules {
        let request = pb::CreateChallengeRequest { scoring, ..new_challenge() };
        assert_eq!(violations(world.create(id(), request).await), paths);
    }
    Ok(())
}

#[tokio::test]
async fn joining_again_returns_the_same_seat() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    let challenge = world.create(id(), new_challenge()).await?.challenge_id;
    let seat = world.join(user, &challenge).await?;
    assert_eq!((seat.user_id.clone(), seat.final_score), (user.to_string(), 0));
    assert_eq!(seat.completion_status(), pb::CompletionStatus::Active);
    assert_eq!(world.join(user, &challenge).await?, seat);
    assert_eq!(world.get(user, &challenge).await?.participant_count, 1);
    let unknown = world.join(user, &id().to_string()).await;
    assert_eq!(refused(unknown), (Code::NotFound, "CHALLENGE_NOT_FOUND".to_owned()));
    assert_eq!(violations(world.join(user, "x").await), ["challenge_id"]);
    Ok(())
}

#[tokio::test]
async fn ended_and_inactive_challenges_refuse_new_participants() -> anyhow::Result<()> {
    let world = World::start().await?;
    let client = world.slice.schema.connect().await?;
    let ended = world.create(id(), new_challenge()).await?.challenge_id;
    client.execute("UPDATE community_challenges SET start_date = '2026-01-01', end_date = '2026-01-07'", &[]).await?;
    let inactive = world.create(id(), new_challenge()).await?.challenge_id;
    client.execute("UPDATE community_challenges SET is_active = start_date = '2026-01-01'", &[]).await?;
    let refusal = refused(world.join(id(), &ended).await);
    assert_eq!(refusal, (Code::FailedPrecondition, "CHALLENGE_ENDED".to_owned()));
    let refusal = refused(world.join(id(), &inactive).await);
    assert_eq!(refusal, (Code::FailedPrecondition, "CHALLENGE_INACTIVE".to_owned()));
    Ok(())
}

/// Without the lock on the challenge and the CHECK on its counter, several callers find the last seat free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_fifty_concurrent_callers_gets_the_last_seat() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let request = pb::CreateChallengeRequest { max_participants: Some(2), ..new_challenge() };
    let challenge: Arc<str> = world.create(id(), request).await?.challenge_id.into();
    world.join(id(), &challenge).await?;
    let mut joins = JoinSet::new();
    for _ in 0..50 {
        let (world, challenge, user) = (Arc::clone(&world), Arc::clone(&challenge), id());
        joins.spawn(async move { insist(|| world.join(user, &challenge)).await });
    }
    let (seated, others): (Vec<_>, Vec<_>) = joins.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((seated.len(), others.len()), (1, 49));
    for status in others.into_iter().filter_map(Result::err) {
        assert_eq!(metadata(&status, "max_participants").as_deref(), Some("2"), "{status}");
        assert_eq!(refused::<()>(Err(status)), (Code::FailedPrecondition, "CHALLENGE_FULL".to_owned()));
    }
    assert_eq!(world.get(id(), &challenge).await?.participant_count, 2);
    Ok(())
}

#[tokio::test]
async fn distinct_active_challenges_are_counted() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (alice, bob, carol) = (id(), id(), id());
    let first = world.create(alice, new_challenge()).await?.challenge_id;
    let second = world.create(alice, new_challenge()).await?.challenge_id;
    for (user, challenge) in [(alice, &first), (bob, &first), (bob, &second), (carol, &second)] {
        world.join(user, challenge).await?;
    }
    assert_eq!(world.count(&[alice, bob]).await?, 2);
    assert_eq!(world.count(&[alice]).await?, 1);
    assert_eq!(world.count(&[]).await?, 0);
    assert_eq!(world.count(&[id()]).await?, 0, "an unknown user takes part in nothing");
    let client = world.slice.schema.connect().await?;
    client.execute("UPDATE challenge_participants SET completion_status = 'withdrawn' WHERE user_id = $1", &[&carol]).await?;
    assert_eq!(world.count(&[carol]).await?, 0);

    let many: Vec<_> = (0..201).map(|_| id()).collect();
    assert_eq!(violations(world.count(&many).await), ["user_ids"]);
    let request = pb::CountActiveChallengesRequest { user_ids: vec![] };
    let by_user = world.challenges(alice)?.count_active_challenges(request).await;
    assert_eq!(refused(by_user), (Code::PermissionDenied, "CALLER_NOT_ADMITTED".to_owned()));
    Ok(())
}
