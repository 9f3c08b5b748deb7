//! Updates of plans.

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::violations;
use pb::MemberRole;

use crate::world::{World, id};

#[tokio::test]
async fn every_field_of_a_plan_is_written_and_read_back() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, guest) = (id(), id());
    let id = world.family(holder).await?;
    world.join(&id, holder, guest, MemberRole::Guest).await?;
    let before = world.read(&id, holder).await?;
    let plan = pb::FamilyPlan {
        family_plan_id: id.clone(),
        family_name: "The Berrys".to_owned(),
        time_zone: "Pacific/Apia".to_owned(),
        max_members: 4,
        billing_user_id: holder.to_string(),
        family_goals: Some(pb::FamilyGoals {
            daily_fruit_servings: Some(5),
            daily_calories: Some(2_000),
            shared_meals_per_week: Some(21),
            note: "More\nplums".to_owned(),
        }),
        coordination_preferences: Some(pb::CoordinationPreferences {
            delivery_day: pb::DayOfWeek::Sunday.into(),
            delivery_window: Some(pb::DeliveryWindow { start_hour: 23, end_hour: 24 }),
            address_label: "home".to_owned(),
            allow_substitutions: true,
        }),
        ..Default::default()
    };
    let all = ["family_name", "time_zone", "max_members", "billing_user_id", "family_goals", "coordination_preferences"];
    let changed = world.change(plan.clone(), holder, &all).await?;
    assert_eq!(changed, world.read(&id, holder).await?);
    let expected = pb::FamilyPlan {
        family_name: plan.family_name,
        time_zone: plan.time_zone,
        max_members: plan.max_members,
        billing_user_id: plan.billing_user_id,
        family_goals: plan.family_goals,
        coordination_preferences: plan.coordination_preferences,
        update_time: changed.update_time,
        ..before.clone()
    };
    assert_eq!(changed, expected);
    assert_ne!(changed.update_time, before.update_time);
    let seen = world.read(&id, guest).await?;
    assert_eq!((seen.shared_wallet_balance, seen.billing_user_id.as_str()), (None, ""), "a guest");
    assert_eq!((seen.family_goals, seen.coordination_preferences), (None, None), "a guest");

    // Fields that the mask does not name are not checked, and absent messages are removed.
    let empty = pb::FamilyPlan { family_plan_id: id.clone(), max_members: -1, ..Default::default() };
    let removed = world.change(empty, holder, &["family_goals", "coordination_preferences", "billing_user_id"]).await?;
    assert_eq!((removed.family_goals, removed.coordination_preferences, removed.max_members), (None, None, 4));
    assert_eq!(removed.billing_user_id, "");
    Ok(())
}

#[tokio::test]
async fn all_violations_of_an_update_are_reported_together() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let wrong = pb::FamilyPlan {
        family_plan_id: "x".to_owned(),
        family_name: String::new(),
        time_zone: "Mars".to_owned(),
        max_members: 101,
        billing_user_id: id().to_string(),
        family_goals: Some(pb::FamilyGoals { daily_calories: Some(5), note: "x".repeat(501), ..Default::default() }),
        coordination_preferences: Some(pb::CoordinationPreferences {
            delivery_day: 9,
            delivery_window: Some(pb::DeliveryWindow { start_hour: 12, end_hour: 12 }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let all = ["family_name", "time_zone", "max_members", "billing_user_id", "family_goals", "coordination_preferences"];
    let mut paths = violations(world.change(wrong, holder, &all).await);
    paths.sort();
    let expected = [
        "plan.billing_user_id",
        "plan.coordination_preferences.delivery_day",
        "plan.coordination_preferences.delivery_window.end_hour",
        "plan.family_goals.daily_calories",
        "plan.family_goals.note",
        "plan.family_name",
        "plan.family_plan_id",
        "plan.max_members",
        "plan.time_zone",
    ];
    assert_eq!(paths, expected);
    for path in ["plan_type", "is_active", "holder_user_id", "shared_wallet_balance", "family_goals.note", "*", ""] {
        let good = pb::FamilyPlan { family_plan_id: plan.clone(), ..Default::default() };
        assert_eq!(violations(world.change(good, holder, &[path]).await), ["update_mask"], "{path}");
    }
    Ok(())
}
