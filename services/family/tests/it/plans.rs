use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::MemberRole;
use prost_types::FieldMask;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::world::{World, euros, id};

impl World {
    pub async fn read(&self, plan: &str, by: Uuid) -> Result<pb::FamilyPlan, Status> {
        let request = pb::GetPlanRequest { family_plan_id: plan.to_owned() };
        Ok(self.plans(by).expect("client").get_plan(request).await?.into_inner().plan.expect("a plan"))
    }

    pub async fn deactivate(&self, plan: &str, by: Uuid) -> Result<pb::FamilyPlan, Status> {
        let request = pb::DeactivatePlanRequest { family_plan_id: plan.to_owned() };
        Ok(self.plans(by).expect("client").deactivate_plan(request).await?.into_inner().plan.expect("a plan"))
    }

    pub async fn reactivate(&self, plan: &str, by: Uuid) -> Result<pb::FamilyPlan, Status> {
        let request = pb::ReactivatePlanRequest { family_plan_id: plan.to_owned() };
        Ok(self.plans(by).expect("client").reactivate_plan(request).await?.into_inner().plan.expect("a plan"))
    }

    pub async fn change(&self, plan: pb::FamilyPlan, by: Uuid, paths: &[&str]) -> Result<pb::FamilyPlan, Status> {
        let mask = FieldMask { paths: paths.iter().map(ToString::to_string).collect() };
        let request = pb::UpdatePlanRequest { plan: Some(plan), update_mask: Some(mask) };
        Ok(self.plans(by).expect("client").update_plan(request).await?.into_inner().plan.expect("a plan"))
    }

    pub async fn lower(&self, plan: &str, by: Uuid, max_members: i32) -> Result<pb::FamilyPlan, Status> {
        let plan = pb::FamilyPlan { family_plan_id: plan.to_owned(), max_members, ..Default::default() };
        self.change(plan, by, &["max_members"]).await
    }
}

#[tokio::test]
async fn a_new_plan_has_six_seats_and_its_creator_as_admin() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let request = pb::CreatePlanRequest {
        family_name: "  The Appletons ".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        request_id: id().to_string(),
    };
    let plan = world.plans(holder)?.create_plan(request).await?.into_inner().plan.expect("a plan");
    assert_eq!(plan.family_name, "The Appletons");
    assert_eq!(plan.primary_account_holder, holder.to_string());
    assert_eq!((plan.max_members, plan.active_members), (6, 1));
    assert_eq!(plan.plan_type(), pb::PlanType::Standard);
    assert_eq!(plan.shared_wallet_balance, euros(0));
    assert_eq!(plan.time_zone, "Europe/Berlin");
    assert!(plan.is_active);

    let read = pb::GetPlanRequest { family_plan_id: plan.family_plan_id.clone() };
    assert_eq!(world.plans(holder)?.get_plan(read).await?.into_inner().plan.as_ref(), Some(&plan));
    Ok(())
}

#[tokio::test]
async fn a_repeated_request_creates_one_plan() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let request =
        pb::CreatePlanRequest { family_name: "The Appletons".to_owned(), time_zone: String::new(), request_id: id().to_string() };
    let first = world.plans(holder)?.create_plan(request.clone()).await?.into_inner();
    let again = world.plans(holder)?.create_plan(request.clone()).await?.into_inner();
    assert_eq!(first, again);

    let other = pb::CreatePlanRequest { family_name: "The Berrys".to_owned(), ..request.clone() };
    let answer = world.plans(holder)?.create_plan(other).await;
    assert_eq!(refused(answer), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));

    let somebody_else = world.plans(id())?.create_plan(request).await?.into_inner();
    assert_ne!(somebody_else, first, "an id is bound to its caller");
    Ok(())
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_a_plan() -> anyhow::Result<()> {
    let world = World::start().await?;
    let plan = world.family(id()).await?;
    let stranger = id();
    let not_found = (Code::NotFound, "PLAN_NOT_FOUND".to_owned());
    for family_plan_id in [plan.clone(), id().to_string()] {
        let get = pb::GetPlanRequest { family_plan_id: family_plan_id.clone() };
        assert_eq!(refused(world.plans(stranger)?.get_plan(get).await), not_found);
        assert_eq!(refused(world.summary(&family_plan_id, stranger).await), not_found);
        let list = pb::ListMembersRequest { family_plan_id: family_plan_id.clone(), ..Default::default() };
        assert_eq!(refused(world.members(stranger)?.list_members(list).await), not_found);
        let entries = pb::ListEntriesRequest { family_plan_id: family_plan_id.clone(), ..Default::default() };
        assert_eq!(refused(world.wallet(stranger)?.list_entries(entries).await), not_found);
        assert_eq!(refused(world.spend(&family_plan_id, stranger, 100, id()).await), not_found);
        let invite = world.invite(&family_plan_id, stranger, Some(id()), pb::MemberRole::Member).await;
        assert_eq!(refused(invite), not_found);
    }
    Ok(())
}

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
        billing_account: holder.to_string(),
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
    let all = ["family_name", "time_zone", "max_members", "billing_account", "family_goals", "coordination_preferences"];
    let changed = world.change(plan.clone(), holder, &all).await?;
    assert_eq!(changed, world.read(&id, holder).await?);
    let expected = pb::FamilyPlan {
        family_name: plan.family_name,
        time_zone: plan.time_zone,
        max_members: plan.max_members,
        billing_account: plan.billing_account,
        family_goals: plan.family_goals,
        coordination_preferences: plan.coordination_preferences,
        update_time: changed.update_time,
        ..before.clone()
    };
    assert_eq!(changed, expected);
    assert_ne!(changed.update_time, before.update_time);
    let seen = world.read(&id, guest).await?;
    assert_eq!((seen.shared_wallet_balance, seen.billing_account.as_str()), (None, ""), "a guest");
    assert_eq!((seen.family_goals, seen.coordination_preferences), (None, None), "a guest");

    // What the mask does not name is not looked at, and what is absent is removed.
    let empty = pb::FamilyPlan { family_plan_id: id.clone(), max_members: -1, ..Default::default() };
    let removed = world.change(empty, holder, &["family_goals", "coordination_preferences", "billing_account"]).await?;
    assert_eq!((removed.family_goals, removed.coordination_preferences, removed.max_members), (None, None, 4));
    assert_eq!(removed.billing_account, "");
    Ok(())
}

#[tokio::test]
async fn all_that_is_wrong_with_a_change_is_said_at_once() -> anyhow::Result<()> {
    let world = World::start().await?;
    let holder = id();
    let plan = world.family(holder).await?;
    let wrong = pb::FamilyPlan {
        family_plan_id: "x".to_owned(),
        family_name: String::new(),
        time_zone: "Mars".to_owned(),
        max_members: 101,
        billing_account: id().to_string(),
        family_goals: Some(pb::FamilyGoals { daily_calories: Some(5), note: "x".repeat(501), ..Default::default() }),
        coordination_preferences: Some(pb::CoordinationPreferences {
            delivery_day: 9,
            delivery_window: Some(pb::DeliveryWindow { start_hour: 12, end_hour: 12 }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let all = ["family_name", "time_zone", "max_members", "billing_account", "family_goals", "coordination_preferences"];
    let mut paths = violations(world.change(wrong, holder, &all).await);
    paths.sort();
    let expected = [
        "plan.billing_account",
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
    for path in ["plan_type", "is_active", "primary_account_holder", "shared_wallet_balance", "family_goals.note", "*", ""] {
        let good = pb::FamilyPlan { family_plan_id: plan.clone(), ..Default::default() };
        assert_eq!(violations(world.change(good, holder, &[path]).await), ["update_mask"], "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn seats_are_bought_and_admins_lower_their_number() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    assert_eq!(refused(world.lower(&plan, holder, 7).await), (Code::PermissionDenied, "SEATS_ARE_BOUGHT".to_owned()));
    let taken = (Code::FailedPrecondition, "SEATS_TAKEN".to_owned());
    assert_eq!(refused(world.lower(&plan, holder, 1).await), taken);
    assert_eq!(world.lower(&plan, holder, 2).await?.max_members, 2);
    assert_eq!(refused(world.lower(&plan, holder, 3).await), (Code::PermissionDenied, "SEATS_ARE_BOUGHT".to_owned()));

    let bought = world.bill(&plan, pb::PlanType::Premium, 0).await?;
    assert_eq!((bought.plan_type(), bought.max_members), (pb::PlanType::Premium, 10));
    assert_eq!(world.bill(&plan, pb::PlanType::Custom, 100).await?.max_members, 100);
    assert_eq!(refused(world.bill(&plan, pb::PlanType::Standard, 1).await), taken);
    assert_eq!(violations(world.bill(&plan, pb::PlanType::Standard, 7).await), ["max_members"]);
    assert_eq!(violations(world.bill(&plan, pb::PlanType::Custom, 0).await), ["max_members"]);
    assert_eq!(violations(world.bill(&plan, pb::PlanType::Unspecified, 0).await), ["plan_type"]);
    assert_eq!(refused(world.bill(&id().to_string(), pb::PlanType::Standard, 0).await).1, "PLAN_NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn a_plan_out_of_use_is_for_its_admins_to_see() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, admin, member) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    let role = (Code::PermissionDenied, "ROLE_NOT_PERMITTED".to_owned());
    assert_eq!(refused(world.deactivate(&plan, admin).await), role);
    assert!(!world.deactivate(&plan, holder).await?.is_active);
    assert!(!world.deactivate(&plan, holder).await?.is_active, "again");
    assert!(!world.read(&plan, admin).await?.is_active);
    let not_found = (Code::NotFound, "PLAN_NOT_FOUND".to_owned());
    assert_eq!(refused(world.read(&plan, member).await), not_found);
    let list = pb::ListMembersRequest { family_plan_id: plan.clone(), ..Default::default() };
    assert_eq!(refused(world.members(member)?.list_members(list).await), not_found);
    let inactive = (Code::FailedPrecondition, "PLAN_INACTIVE".to_owned());
    assert_eq!(refused(world.lower(&plan, holder, 5).await), inactive);
    assert_eq!(refused(world.set_role(&plan, holder, member, MemberRole::Guest).await), inactive);
    assert_eq!(refused(world.add_child(&plan, holder, true, id()).await), inactive);
    assert_eq!(refused(world.reactivate(&plan, admin).await), role);
    world.leave(&plan, member).await?;
    assert!(world.reactivate(&plan, holder).await?.is_active);
    assert_eq!(world.seats(&plan).await?, 2, "one left meanwhile, the others kept their seats");
    Ok(())
}

#[tokio::test]
async fn my_plans_are_those_that_i_could_read() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (me, other) = (id(), id());
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, world.family(me).await?);
    }
    let foreign = world.family(other).await?;
    world.join(&foreign, other, me, MemberRole::Guest).await?;
    expected.insert(0, foreign);
    let closed = world.family(other).await?;
    world.join(&closed, other, me, MemberRole::Member).await?;
    world.deactivate(&closed, other).await?;
    world.deactivate(&expected[2], me).await?;

    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListPlansRequest { page_size: 2, page_token };
        let page = world.plans(me)?.list_plans(request).await?.into_inner();
        seen.extend(page.plans.into_iter().map(|plan| plan.family_plan_id));
        // What is new is before the first page, and moves none of the others.
        world.family(me).await?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, expected);
    let first = world.plans(me)?.list_plans(pb::ListPlansRequest { page_size: 2, ..Default::default() }).await?.into_inner();
    let request = pb::ListPlansRequest { page_size: 2, page_token: first.next_page_token };
    assert_eq!(violations(world.plans(other)?.list_plans(request).await), ["page_token"], "of somebody else");
    Ok(())
}
