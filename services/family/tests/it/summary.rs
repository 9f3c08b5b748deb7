use std::time::Duration;

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_testkit::answer::refused;
use orchard_testkit::client::Headers;
use pb::MemberRole;
use uuid::Uuid;

use crate::world::{World, euros, id, not_found};

#[tokio::test]
async fn joins_do_not_multiply_sums() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.deposit(&plan, 10_000, "d-1").await?;
    world.share_nutrition(&plan, member).await?;
    world.eat(holder, 0, &[500, 600, 700]).await?;
    world.eat(member, 6, &[800, 900, 1000]).await?;

    let summary = world.summary(&plan, holder).await?;
    assert_eq!((summary.total_members, summary.active_members), (2, 2));
    assert_eq!(summary.wallet_balance, euros(10_000));
    assert_eq!(summary.avg_weekly_calories, Some(750.0));
    Ok(())
}

#[tokio::test]
async fn the_average_counts_the_intakes_of_the_week_that_the_viewer_may_see() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, sharing, silent, guest) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    assert_eq!(world.summary(&plan, holder).await?.avg_weekly_calories, None, "no rows is no average, not 0");
    world.join(&plan, holder, sharing, MemberRole::Child).await?;
    world.join(&plan, holder, silent, MemberRole::Member).await?;
    world.join(&plan, holder, guest, MemberRole::Guest).await?;
    world.share_nutrition(&plan, sharing).await?;
    world.eat(sharing, 6, &[1000]).await?;
    world.eat(sharing, 7, &[9000]).await?;
    world.eat(silent, 0, &[5000]).await?;
    world.eat(guest, 0, &[7000]).await?;

    assert_eq!(world.summary(&plan, holder).await?.avg_weekly_calories, Some(1000.0));
    assert_eq!(world.summary(&plan, silent).await?.avg_weekly_calories, Some(3000.0), "one's own rows count for oneself");
    let seen = world.summary(&plan, guest).await?;
    assert_eq!((seen.avg_weekly_calories, seen.wallet_balance), (None, None));
    assert!(!seen.wallet_visible && !seen.nutrition_visible);
    assert_eq!((seen.family_name.as_str(), seen.active_members), ("The Appletons", 4));
    Ok(())
}

#[tokio::test]
async fn only_the_edge_receives_the_members_who_share() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (holder, member, left) = (id(), id(), id());
    let plan = world.family(holder).await?;
    for user in [member, left] {
        world.join(&plan, holder, user, MemberRole::Member).await?;
    }
    let unsharing = pb::Member {
        family_plan_id: plan.clone(),
        user_id: member.to_string(),
        privacy_settings: Some(pb::PrivacySettings { share_achievements: Some(false), ..Default::default() }),
        ..Default::default()
    };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["privacy_settings.share_achievements".to_owned()] });
    let request = pb::UpdateMemberRequest { member: Some(unsharing), update_mask };
    MemberServiceClient::new(world.slice.user(member)?).update_member(request).await?;
    let leave = pb::LeavePlanRequest { family_plan_id: plan.clone() };
    MemberServiceClient::new(world.slice.user(left)?).leave_plan(leave).await?;

    let shared = |summary: pb::FamilySummary| (summary.challenge_member_ids, summary.achievement_member_ids);
    assert_eq!(shared(world.summary(&plan, holder).await?), (vec![], vec![]));
    let ids = |users: &[Uuid]| {
        let mut ids: Vec<String> = users.iter().map(Uuid::to_string).collect();
        ids.sort();
        ids
    };
    let (keys, ttl) = (&world.slice.keys, Duration::from_secs(60));
    for (service, viewer, expected) in [
        ("edge", holder, (ids(&[holder, member]), ids(&[holder]))),
        ("edge", member, (ids(&[holder, member]), ids(&[holder, member]))),
        ("recipe", holder, (vec![], vec![])),
    ] {
        let headers = Headers::bearer(&keys.workload_token(service, ttl)?)?;
        let headers = headers.with("x-orchard-user-token", &keys.user_token(viewer, &[], ttl)?)?;
        let request = pb::GetFamilySummaryRequest { family_plan_id: plan.clone() };
        let answer = PlanServiceClient::new(world.slice.with(headers)).get_family_summary(request).await?;
        assert_eq!(shared(answer.into_inner().summary.expect("a summary")), expected, "{service}");
    }
    Ok(())
}

#[tokio::test]
async fn an_inactive_plan_has_no_summary() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    world.slice.schema.connect().await?.execute("UPDATE family_plans SET is_active = false", &[]).await?;
    let answer = world.summary(&plan, holder).await;
    assert_eq!(refused(answer), not_found("PLAN_NOT_FOUND"));
    Ok(())
}
