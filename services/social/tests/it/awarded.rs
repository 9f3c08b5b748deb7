//! Events of awards: one for each, with the channels that the user wants.

mod consumer;

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
use consumer::Notified;

const BOTH: Option<pb::Notify> = Some(pb::Notify { email: true, push: true });

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_achievement_has_one_event_which_is_delivered_after_failures() -> anyhow::Result<()> {
    // The consumer is unavailable, then refuses the event, then is unavailable again.
    let refusal = Refusal::new(Code::FailedPrecondition, ErrorReason::EventRejected, "not yet");
    let failures =
        [Status::unavailable("unavailable"), refusal.into_status("orchard.notifications"), Status::unavailable("unavailable")];
    let mut notified = Notified::start(failures).await?;
    let user = id();
    notified.world.settle(user, Public).await?;
    let (same, operator) = (award(user, "Once"), id());
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let world = Arc::clone(&notified.world);
        // Half of the calls repeat one request; the others are different requests of different operators.
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
    assert_eq!(notified.all().await?, [expected]);
    assert_eq!(notified.failures(), 0, "the consumer has answered with all failures");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_one_recipe_cause_one_event_for_each_achievement() -> anyhow::Result<()> {
    let mut notified = Notified::start([]).await?;
    let (user, recipe) = (id(), id());
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let world = Arc::clone(&notified.world);
        calls.spawn(async move { world.deliver("recipe", vec![featured(recipe, 1 + number % 10, user)]).await });
    }
    for answer in calls.join_all().await {
        answer?;
    }
    assert_eq!(notified.all_of(user).await?.len(), 2, "the recipe, and the milestone of the first recipe");
    notified.world.deliver("recipe", vec![featured(recipe, 11, user)]).await?;
    assert_eq!(notified.all().await?, []);
    Ok(())
}

/// Otherwise an erased user would be congratulated.
#[tokio::test]
async fn an_erasure_deletes_events_that_are_not_delivered() -> anyhow::Result<()> {
    let mut notified = Notified::start([]).await?;
    let [erased, other] = notified.world.people().await?;
    notified.world.deliver("recipe", vec![featured(id(), 1, erased)]).await?;
    assert_eq!(notified.all_of(erased).await?.len(), 2);
    // Events for a consumer that does not exist.
    let client = notified.world.slice.schema.connect().await?;
    let again = "INSERT INTO outbox (consumer, event_id, aggregate_id, sequence, event_type, payload)
        SELECT 'absent', gen_random_uuid(), id, 1, 'orchard.social.v1.AchievementAwarded', '' FROM social_achievements";
    notified.world.deliver("recipe", vec![featured(id(), 1, other)]).await?;
    client.execute(again, &[]).await?;
    notified.world.erase(erased).await?;
    let left: i64 = client.query_one("SELECT count(*) FROM outbox WHERE consumer = 'absent'", &[]).await?.get(0);
    assert_eq!(left, 2, "events of the other user stay");
    Ok(())
}

#[tokio::test]
async fn milestones_and_consultations_have_events() -> anyhow::Result<()> {
    let mut notified = Notified::start([]).await?;
    let user = id();
    for _ in 0..6 {
        notified.world.deliver("recipe", vec![featured(id(), 1, user)]).await?;
    }
    for _ in 0..2 {
        notified.world.deliver("consultation", vec![completed(id(), user)]).await?;
    }
    let all = notified.all_of(user).await?;
    let mut points: Vec<_> = all.iter().map(|one| (one.achievement_type(), one.points_awarded)).collect();
    points.sort_by_key(|(of, points)| (*of as i32, *points));
    let mut expected = vec![(RecipeFeatured, 10); 7];
    expected.extend([(RecipeFeatured, 50), (ConsultationCompleted, 10)]);
    assert_eq!(points, expected, "six recipes, the milestones of one and five, and the first consultation");
    Ok(())
}

#[tokio::test]
async fn an_event_names_the_channels_that_the_user_wants() -> anyhow::Result<()> {
    let mut notified = Notified::start([]).await?;
    let both = pb::Notify { email: true, push: true };
    let none = pb::Notify { email: false, push: false };
    let (email, push) = (pb::Notify { push: false, ..both }, pb::Notify { email: false, ..both });
    // The channels for challenges, for referrals, and for other achievements.
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
        notified.world.settle(user, Public).await?;
        if !turned_off.is_empty() {
            notified.world.prefer(user, pb::NotificationPreferences::default(), turned_off).await?;
        }
        for (of, expected) in [
            (ChallengeWinner, challenges),
            (ChallengeCompleted, challenges),
            (ReferralMilestone, referrals),
            (RecipeFeatured, others),
            (ConsultationCompleted, others),
        ] {
            let request = pb::AwardAchievementRequest { achievement_type: of.into(), ..award(user, "Awarded") };
            notified.world.award_as(id(), request).await?;
            let all = notified.all().await?;
            let found: Vec<_> = all.iter().map(|one| (one.achievement_type(), one.notify)).collect();
            assert_eq!(found, [(of, Some(expected))], "without {turned_off:?}");
        }
    }
    // Channels that are turned on again are used again.
    let user = id();
    notified.world.settle(user, Public).await?;
    let all = pb::SocialNotifications { challenges: true, referrals: true, family: true };
    let on = pb::NotificationPreferences {
        email_enabled: true,
        push_enabled: true,
        social_notifications: Some(all),
        update_time: None,
    };
    for (number, sent) in [pb::NotificationPreferences::default(), on].into_iter().enumerate() {
        notified.world.prefer(user, sent, &["email_enabled", "social_notifications"]).await?;
        notified.world.award(user, &format!("Awarded {number}")).await?;
        let notify = notified.all().await?.remove(0).notify;
        assert_eq!(notify, Some(if number == 0 { none } else { both }));
    }
    Ok(())
}

#[tokio::test]
async fn events_carry_special_rewards() -> anyhow::Result<()> {
    let mut notified = Notified::start([]).await?;
    let user = id();
    notified.world.settle(user, Public).await?;
    let money = Money { currency_code: "EUR".to_owned(), units: 12, nanos: 500_000_000 };
    let rewards = [Reward::Credits(money), Reward::DiscountPercent(15), Reward::SpecialAccess("early_orchard_tour".to_owned())];
    for (number, reward) in rewards.into_iter().enumerate() {
        let special_reward = Some(pb::SpecialReward { reward: Some(reward) });
        let request =
            pb::AwardAchievementRequest { special_reward: special_reward.clone(), ..award(user, &format!("Awarded {number}")) };
        notified.world.award_as(id(), request).await?;
        let all = notified.all().await?;
        assert_eq!(all.iter().map(|one| one.special_reward.clone()).collect::<Vec<_>>(), [special_reward]);
    }
    Ok(())
}

/// An event that waits names the user by id, and has no text that a user has written.
#[tokio::test]
async fn events_have_ids_and_no_texts_of_users() -> anyhow::Result<()> {
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
    let (all, of_me, texts): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!((of_me, texts), (all, 0));
    assert_eq!(all, 3, "an operator's award, a recipe and its milestone");
    Ok(())
}

#[tokio::test]
async fn without_a_consumer_no_events_are_stored() -> anyhow::Result<()> {
    let world = World::start().await?;
    let user = id();
    world.settle(user, Public).await?;
    world.award(user, "Unpublished").await?;
    world.deliver("recipe", vec![featured(id(), 1, user)]).await?;
    assert_eq!(world.achieved(user, user).await?.len(), 3);
    assert_eq!(world.pending().await?, 0);
    Ok(())
}
