//! Achievements are awarded once and celebrated once.

mod seen;

use std::sync::Arc;

use orchard_proto::consultation::v1::SessionCompleted;
use orchard_proto::google::r#type::Money;
use orchard_proto::recipe::v1::RecipeFeatured;
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::achievement_service_client::AchievementServiceClient;
use orchard_testkit::answer::{refused, violations};
use orchard_testkit::client::{Client, insist};
use pb::AchievementType::{ChallengeWinner, ConsultationCompleted, RecipeFeatured as Featured, ReferralMilestone};
use pb::PrivacyLevel::Public;
use pb::special_reward::Reward;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::friends::event;
use crate::world::{World, id};

pub fn award(user: Uuid, name: &str) -> pb::AwardAchievementRequest {
    pb::AwardAchievementRequest {
        user_id: user.to_string(),
        achievement_type: ChallengeWinner.into(),
        achievement_name: name.to_owned(),
        points_awarded: 7,
        request_id: id().to_string(),
        ..Default::default()
    }
}

/// An event: a recipe was featured.
pub fn featured(recipe: Uuid, sequence: i64, user: Uuid) -> orchard_proto::events::v1::Event {
    event(recipe, sequence, &RecipeFeatured { recipe_id: recipe.to_string(), user_id: user.to_string() })
}

/// An event: a session was completed.
pub fn completed(session: Uuid, user: Uuid) -> orchard_proto::events::v1::Event {
    event(session, 1, &SessionCompleted { session_id: session.to_string(), user_id: user.to_string() })
}

impl World {
    pub fn achievements(&self, user: Uuid) -> AchievementServiceClient<Client> {
        AchievementServiceClient::new(self.slice.user(user).expect("client"))
    }

    pub async fn award_as(&self, operator: Uuid, request: pb::AwardAchievementRequest) -> Result<pb::Achievement, Status> {
        insist(|| async {
            let client = self.slice.user_with(operator, &["operator"]).expect("client");
            let answer = AchievementServiceClient::new(client).award_achievement(request.clone()).await?;
            Ok(answer.into_inner().achievement.expect("an achievement"))
        })
        .await
    }

    pub async fn award(&self, user: Uuid, name: &str) -> Result<pb::Achievement, Status> {
        self.award_as(id(), award(user, name)).await
    }

    pub async fn achieved(&self, viewer: Uuid, user: Uuid) -> Result<Vec<pb::Achievement>, Status> {
        let request = pb::ListAchievementsRequest { user_id: user.to_string(), page_size: 200, ..Default::default() };
        Ok(self.achievements(viewer).list_achievements(request).await?.into_inner().achievements)
    }

    pub async fn summary(&self, viewer: Uuid, user: Uuid) -> Result<pb::AchievementSummary, Status> {
        let request = pb::GetAchievementSummaryRequest { user_id: user.to_string() };
        Ok(self.achievements(viewer).get_achievement_summary(request).await?.into_inner().summary.expect("a summary"))
    }
}

#[tokio::test]
async fn users_read_back_all_fields_of_their_achievements() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (user, related) = (id(), id());
    world.settle(user, Public).await?;
    let money = Money { currency_code: "EUR".to_owned(), units: 12, nanos: 500_000_000 };
    let rewards = [Reward::Credits(money), Reward::DiscountPercent(15), Reward::SpecialAccess("early_orchard_tour".to_owned())];
    for (number, reward) in rewards.into_iter().enumerate() {
        let request = pb::AwardAchievementRequest {
            achievement_type: ReferralMilestone.into(),
            description: "For\nmuch.".to_owned(),
            related_entity_id: related.to_string(),
            related_entity_type: pb::RelatedEntityType::Referral.into(),
            badge_awarded: "founder".to_owned(),
            special_reward: Some(pb::SpecialReward { reward: Some(reward.clone()) }),
            ..award(user, &format!("Founder {number}"))
        };
        let awarded = world.award_as(id(), request.clone()).await?;
        let own = world.achieved(user, user).await?.remove(0);
        assert_eq!(own, awarded);
        assert_eq!(own.achievement_type(), ReferralMilestone);
        assert_eq!((own.achievement_name, own.description), (request.achievement_name, request.description));
        assert_eq!((own.related_entity_id, own.related_entity_type), (related.to_string(), request.related_entity_type));
        assert_eq!((own.points_awarded, own.badge_awarded.as_str()), (7, "founder"));
        assert_eq!(own.special_reward.and_then(|given| given.reward), Some(reward), "the reward as it was awarded");
        assert_eq!((own.is_public, own.celebration_shown), (true, Some(false)));
        let others = world.achieved(id(), user).await?.remove(0);
        assert_eq!((others.special_reward, others.celebration_shown), (None, None), "only the user sees these");
        assert!(own.achieve_time.is_some() && others.achieve_time == own.achieve_time);
    }
    // Credits of an achievement move no money.
    let get = pb::GetProfileRequest { user_id: user.to_string() };
    let profile = world.profiles(user)?.get_profile(get).await?.into_inner().profile.expect("a profile");
    assert_eq!(profile.referral_credits_earned, Some(Money { currency_code: "EUR".to_owned(), units: 0, nanos: 0 }));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_award_that_is_given_a_hundred_times_at_once_is_one_achievement() -> anyhow::Result<()> {
    let world = Arc::new(World::start().await?);
    let user = id();
    world.settle(user, Public).await?;
    let (same, operator) = (award(user, "Once"), id());
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let world = Arc::clone(&world);
        // Half of the calls repeat one request; the others are different requests of different operators.
        let request = if number % 2 == 0 { same.clone() } else { award(user, "Once") };
        let by = if number % 2 == 0 { operator } else { id() };
        calls.spawn(async move { world.award_as(by, request).await });
    }
    let awarded = calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    assert!(awarded.iter().all(|achievement| *achievement == awarded[0]));
    let sums = world.summary(user, user).await?;
    assert_eq!((sums.total_points, sums.achievement_count), (7, 1));
    // The same award about another entity is another achievement.
    for related in [id(), id()] {
        let request = pb::AwardAchievementRequest {
            related_entity_id: related.to_string(),
            related_entity_type: pb::RelatedEntityType::Challenge.into(),
            ..award(user, "Once")
        };
        world.award_as(operator, request.clone()).await?;
        world.award_as(operator, request).await?;
    }
    let sums = world.summary(user, user).await?;
    assert_eq!((sums.total_points, sums.achievement_count), (21, 3));
    let other = pb::AwardAchievementRequest { points_awarded: 8, ..same.clone() };
    assert_eq!(refused(world.award_as(operator, other.clone()).await), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    let again = world.award_as(id(), other).await?;
    assert_eq!(again.points_awarded, 7, "the first award stays");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_one_recipe_give_one_achievement() -> anyhow::Result<()> {
    let world = Arc::new(World::strict().await?);
    let (user, recipe) = (id(), id());
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let world = Arc::clone(&world);
        // The recipe is featured ten times, and each event is delivered ten times.
        calls.spawn(async move { world.deliver("recipe", vec![featured(recipe, 1 + number % 10, user)]).await });
    }
    for answer in calls.join_all().await {
        answer?;
    }
    for sequence in 11..=20 {
        world.deliver("recipe", vec![featured(recipe, sequence, user)]).await?;
    }
    let achieved = world.achieved(user, user).await?;
    let names: Vec<_> = achieved.iter().map(|achievement| achievement.achievement_name.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"Recipe featured") && names.contains(&"1 featured recipe"));
    let milestones = world.milestones(user, user).await?;
    assert_eq!(milestones.iter().map(|one| one.current).collect::<Vec<_>>(), [1, 1], "one recipe counts once");
    let own = achieved.iter().find(|achievement| achievement.related_entity_id == recipe.to_string()).expect("of the recipe");
    assert_eq!((own.achievement_type(), own.related_entity_type()), (Featured, pb::RelatedEntityType::Recipe));

    let sessions: Vec<_> = (0..3).map(|_| completed(id(), user)).collect();
    for session in sessions.iter().chain(&sessions) {
        world.deliver("consultation", vec![session.clone()]).await?;
    }
    let consulted: Vec<_> = world.achieved(user, user).await?;
    let consulted: Vec<_> = consulted.iter().filter(|one| one.achievement_type() == ConsultationCompleted).collect();
    assert_eq!(consulted.len(), 1, "only the first session is awarded");
    assert_eq!(consulted[0].related_entity_id, "", "the session is not named");
    world.settle(user, pb::PrivacyLevel::Public).await?;
    let seen = world.achieved(id(), user).await?;
    assert!(
        !seen.is_empty() && seen.iter().all(|one| one.achievement_type() != ConsultationCompleted),
        "other users do not see it"
    );
    Ok(())
}

#[tokio::test]
async fn an_invalid_award_is_refused_with_its_fields() -> anyhow::Result<()> {
    let world = World::start().await?;
    let bad = pb::AwardAchievementRequest {
        user_id: "bob".to_owned(),
        achievement_type: 99,
        achievement_name: String::new(),
        description: "x".repeat(1_001),
        related_entity_id: String::new(),
        related_entity_type: pb::RelatedEntityType::Recipe.into(),
        points_awarded: -1,
        badge_awarded: "a\nb".to_owned(),
        special_reward: Some(pb::SpecialReward { reward: Some(Reward::DiscountPercent(101)) }),
        request_id: String::new(),
    };
    let paths = [
        "user_id",
        "achievement_type",
        "achievement_name",
        "description",
        "related_entity_type",
        "points_awarded",
        "badge_awarded",
        "special_reward.discount_percent",
        "request_id",
    ];
    assert_eq!(violations(world.award_as(id(), bad).await), paths);
    let money =
        |currency_code: &str, units| Some(Reward::Credits(Money { currency_code: currency_code.to_owned(), units, nanos: 0 }));
    let rewards = [
        (None, "special_reward.reward"),
        (money("USD", 1), "special_reward.credits"),
        (money("EUR", 0), "special_reward.credits"),
        (money("EUR", 10_001), "special_reward.credits"),
        (Some(Reward::SpecialAccess("Not A Name".to_owned())), "special_reward.special_access"),
        (Some(Reward::DiscountPercent(0)), "special_reward.discount_percent"),
    ];
    for (reward, path) in rewards {
        let request = pb::AwardAchievementRequest { special_reward: Some(pb::SpecialReward { reward }), ..award(id(), "Bad") };
        assert_eq!(violations(world.award_as(id(), request).await), [path]);
    }
    let half = pb::AwardAchievementRequest { related_entity_id: id().to_string(), ..award(id(), "Half") };
    assert_eq!(violations(world.award_as(id(), half).await), ["related_entity_type"]);
    assert_eq!(refused(world.award(id(), "Nobody").await), (Code::NotFound, "PROFILE_NOT_FOUND".to_owned()));
    Ok(())
}
