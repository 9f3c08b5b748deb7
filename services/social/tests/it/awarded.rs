//! What others are told of awards: of each once, and how its user wants to be told.

mod told;

use std::sync::Arc;

use orchard_proto::events::v1::ErrorReason;
use orchard_proto::google::r#type::Money;
use orchard_proto::social::v1 as pb;
use orchard_rpc::Refusal;
use orchard_testkit::keys::DevKeys;
use pb::AchievementType::{ChallengeCompleted, ChallengeWinner, ConsultationCompleted, RecipeFeatured, ReferralMilestone};
use pb::PrivacyLevel::Public;
use pb::special_reward::Reward;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::achievements::{award, completed, featured};
use crate::erasure::left::CANARY;
use crate::friends::family_service;
use crate::world::{NOWHERE, World, id, settings};
use told::Told;

const BOTH: Option<pb::Notify> = Some(pb::Notify { email: true, push: true });

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_awarded_a_hundred_times_is_told_once_though_it_fails_first() -> anyhow::Result<()> {
    // It is away, refuses it, and is away again.
    let refusal = Refusal::new(Code::FailedPrecondition, ErrorReason::EventRejected, "not yet");
    let failures = [Status::unavailable("away"), refusal.into_status("orchard.notifications"), Status::unavailable("away")];
    let mut told = Told::start(failures).await?;
    let user = id();
    told.world.settle(user, Public).await?;
    let (same, operator) = (award(user, "Once"), id());
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let world = Arc::clone(&told.world);
        // Half of them repeat a request, the others are requests of their own, by different operators.
        let (by, request) = if number % 2 == 0 { (operator, same.clone()) } else { (id(), award(user, "Once")) };
        calls.spawn(async move { world.award_as(by, request).await });
    }
    let awarded = calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let expected = pb::AchievementAwarded {
        achievement_id: awarded[0].achievement_id.clone(),
        user_id: user.to_string(),
        achievement_type: ChallengeWinner.into(),
        points_awarded: 7,
        special_reward: None,
        notify: BOTH,
    };
    assert_eq!(told.all().await?, [expected]);
    assert_eq!(told.failures(), 0, "it has failed as often as it was to");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_comes_a_hundred_times_is_told_on_once() -> anyhow::Result<()> {
    let mut told = Told::start([]).await?;
    let (user, recipe) = (id(), id());
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let world = Arc::clone(&told.world);
        calls.spawn(async move { world.tell("recipe", vec![featured(recipe, 1 + number % 10, user)]).await });
    }
    for answer in calls.join_all().await {
        answer?;
    }
    assert_eq!(told.all_of(user).await?.len(), 2, "the recipe, and the first of them");
    told.world.tell("recipe", vec![featured(recipe, 11, user)]).await?;
    assert_eq!(told.all().await?, []);
    Ok(())
}

/// Of who is gone nobody is congratulated or rewarded.
#[tokio::test]
async fn what_waits_to_be_told_of_a_user_goes_with_them() -> anyhow::Result<()> {
    let mut told = Told::start([]).await?;
    let [gone, stays] = told.world.people().await?;
    told.world.tell("recipe", vec![featured(id(), 1, gone)]).await?;
    assert_eq!(told.all_of(gone).await?.len(), 2);
    // As if nobody had been there to be told.
    let client = told.world.slice.schema.connect().await?;
    let again = "INSERT INTO outbox (consumer, event_id, aggregate_id, sequence, event_type, payload)
        SELECT 'nobody', gen_random_uuid(), id, 1, 'orchard.social.v1.AchievementAwarded', '' FROM social_achievements";
    told.world.tell("recipe", vec![featured(id(), 1, stays)]).await?;
    client.execute(again, &[]).await?;
    told.world.erase(gone).await?;
    let left: i64 = client.query_one("SELECT count(*) FROM outbox WHERE consumer = 'nobody'", &[]).await?.get(0);
    assert_eq!(left, 2, "those of who stays");
    Ok(())
}

#[tokio::test]
async fn milestones_and_consultations_are_told_of_as_all_else() -> anyhow::Result<()> {
    let mut told = Told::start([]).await?;
    let user = id();
    for _ in 0..6 {
        told.world.tell("recipe", vec![featured(id(), 1, user)]).await?;
    }
    for _ in 0..2 {
        told.world.tell("consultation", vec![completed(id(), user)]).await?;
    }
    let all = told.all_of(user).await?;
    let mut points: Vec<_> = all.iter().map(|one| (one.achievement_type(), one.points_awarded)).collect();
    points.sort_by_key(|(of, points)| (*of as i32, *points));
    let mut expected = vec![(RecipeFeatured, 10); 7];
    expected.extend([(RecipeFeatured, 50), (ConsultationCompleted, 10)]);
    assert_eq!(points, expected, "six recipes, the first and the fifth of them, and the first consultation");
    Ok(())
}

#[tokio::test]
async fn who_is_told_is_told_how_its_user_wants_to_be() -> anyhow::Result<()> {
    let mut told = Told::start([]).await?;
    let both = pb::Notify { email: true, push: true };
    let none = pb::Notify { email: false, push: false };
    let (email, push) = (pb::Notify { push: false, ..both }, pb::Notify { email: false, ..both });
    // Of challenges, referrals, and what is no topic.
    let wanted: [(&[&str], [pb::Notify; 3]); 8] = [
        (&[], [both; 3]),
        (&["email_enabled"], [push; 3]),
        (&["push_enabled"], [email; 3]),
        (&["email_enabled", "push_enabled"], [none; 3]),
        (&["social_notifications.challenges"], [none, both, both]),
        (&["social_notifications.referrals", "email_enabled"], [push, none, push]),
        (&["social_notifications.family"], [both; 3]),
        (&["social_notifications"], [none, none, both]),
    ];
    for (turned_off, [challenges, referrals, others]) in wanted {
        let user = id();
        told.world.settle(user, Public).await?;
        if !turned_off.is_empty() {
            told.world.prefer(user, pb::NotificationPreferences::default(), turned_off).await?;
        }
        for (of, expected) in [
            (ChallengeWinner, challenges),
            (ChallengeCompleted, challenges),
            (ReferralMilestone, referrals),
            (RecipeFeatured, others),
            (ConsultationCompleted, others),
        ] {
            let request = pb::AwardAchievementRequest { achievement_type: of.into(), ..award(user, "Told") };
            told.world.award_as(id(), request).await?;
            let all = told.all().await?;
            let found: Vec<_> = all.iter().map(|one| (one.achievement_type(), one.notify)).collect();
            assert_eq!(found, [(of, Some(expected))], "without {turned_off:?}");
        }
    }
    // Those who turn it on again are told from then on, and those who have said something that leaves all on as well.
    let user = id();
    told.world.settle(user, Public).await?;
    let all = pb::SocialNotifications { challenges: true, referrals: true, family: true };
    let on = pb::NotificationPreferences {
        email_enabled: true,
        push_enabled: true,
        social_notifications: Some(all),
        update_time: None,
    };
    for (number, sent) in [pb::NotificationPreferences::default(), on].into_iter().enumerate() {
        told.world.prefer(user, sent, &["email_enabled", "social_notifications"]).await?;
        told.world.award(user, &format!("Told {number}")).await?;
        let notify = told.all().await?.remove(0).notify;
        assert_eq!(notify, Some(if number == 0 { none } else { both }));
    }
    Ok(())
}

#[tokio::test]
async fn rewards_are_told_as_what_they_are() -> anyhow::Result<()> {
    let mut told = Told::start([]).await?;
    let user = id();
    told.world.settle(user, Public).await?;
    let money = Money { currency_code: "EUR".to_owned(), units: 12, nanos: 500_000_000 };
    let rewards = [Reward::Credits(money), Reward::DiscountPercent(15), Reward::SpecialAccess("early_orchard_tour".to_owned())];
    for (number, reward) in rewards.into_iter().enumerate() {
        let special_reward = Some(pb::SpecialReward { reward: Some(reward) });
        let request =
            pb::AwardAchievementRequest { special_reward: special_reward.clone(), ..award(user, &format!("Told {number}")) };
        told.world.award_as(id(), request).await?;
        let all = told.all().await?;
        assert_eq!(all.iter().map(|one| one.special_reward.clone()).collect::<Vec<_>>(), [special_reward]);
    }
    Ok(())
}

/// Until they are told, what waits names the user by their id, and by nothing that anybody wrote.
#[tokio::test]
async fn what_waits_has_ids_and_no_words() -> anyhow::Result<()> {
    let keys = Arc::new(DevKeys::ephemeral()?);
    let family = family_service(Arc::clone(&keys)).await?;
    let mut settings = settings(&keys, format!("http://{}", family.running.address).parse()?);
    settings.notifications_url = Some(NOWHERE.parse()?);
    let world = World::with(&settings, keys).await?;
    let me = id();
    world.live(me, id()).await?;
    let found = "SELECT count(*), count(*) FILTER (WHERE position(convert_to($1, 'UTF8') IN payload) > 0),
        count(*) FILTER (WHERE position(convert_to($2, 'UTF8') IN payload) > 0) FROM outbox";
    let row = world.slice.schema.connect().await?.query_one(found, &[&me.to_string(), &CANARY]).await?;
    let (all, of_me, words): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!((of_me, words), (all, 0));
    assert_eq!(all, 3, "one by hand, a recipe and the first of them");
    Ok(())
}

#[tokio::test]
async fn where_nobody_is_to_be_told_nothing_waits() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    world.settle(user, Public).await?;
    world.award(user, "Untold").await?;
    world.tell("recipe", vec![featured(id(), 1, user)]).await?;
    assert_eq!(world.achieved(user, user).await?.len(), 3);
    assert_eq!(world.pending().await?, 0);
    Ok(())
}
