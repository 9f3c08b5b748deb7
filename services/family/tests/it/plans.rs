//! Plans: creation, visibility, seats.

mod updates;

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use pb::MemberRole;
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, denied, euros, exists, failed, id, mask, not_found};

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
        let request = pb::UpdatePlanRequest { plan: Some(plan), update_mask: mask(paths) };
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
    assert_eq!(plan.holder_user_id, holder.to_string());
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
    assert_eq!(refused(answer), exists("REQUEST_ID_REUSED"));

    let other_caller = world.plans(id())?.create_plan(request).await?.into_inner();
    assert_ne!(other_caller, first, "a request_id is bound to its caller");
    Ok(())
}

#[tokio::test]
async fn a_stranger_cannot_tell_whether_a_plan_exists() -> anyhow::Result<()> {
    let world = World::start().await?;
    let plan = world.family(id()).await?;
    let stranger = id();
    let not_found = not_found("PLAN_NOT_FOUND");
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
async fn admins_lower_the_number_of_seats_and_billing_raises_it() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    assert_eq!(refused(world.lower(&plan, holder, 7).await), denied("SEATS_ARE_BOUGHT"));
    let taken = failed("SEATS_TAKEN");
    assert_eq!(refused(world.lower(&plan, holder, 1).await), taken);
    assert_eq!(world.lower(&plan, holder, 2).await?.max_members, 2);
    assert_eq!(refused(world.lower(&plan, holder, 3).await), denied("SEATS_ARE_BOUGHT"));

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
async fn only_admins_see_an_inactive_plan() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, admin, member) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    let role = denied("ROLE_NOT_PERMITTED");
    assert_eq!(refused(world.deactivate(&plan, admin).await), role);
    assert!(!world.deactivate(&plan, holder).await?.is_active);
    assert!(!world.deactivate(&plan, holder).await?.is_active, "repeated");
    assert!(!world.read(&plan, admin).await?.is_active);
    let not_found = not_found("PLAN_NOT_FOUND");
    assert_eq!(refused(world.read(&plan, member).await), not_found);
    let list = pb::ListMembersRequest { family_plan_id: plan.clone(), ..Default::default() };
    assert_eq!(refused(world.members(member)?.list_members(list).await), not_found);
    let inactive = failed("PLAN_INACTIVE");
    assert_eq!(refused(world.lower(&plan, holder, 5).await), inactive);
    assert_eq!(refused(world.set_role(&plan, holder, member, MemberRole::Guest).await), inactive);
    assert_eq!(refused(world.add_child(&plan, holder, true, id()).await), inactive);
    assert_eq!(refused(world.reactivate(&plan, admin).await), role);
    world.leave(&plan, member).await?;
    assert!(world.reactivate(&plan, holder).await?.is_active);
    assert_eq!(world.seats(&plan).await?, 2, "members kept their seats, apart from the one who left");
    Ok(())
}

#[tokio::test]
async fn users_list_the_plans_that_they_may_read() -> anyhow::Result<()> {
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
        // A new plan comes before the first page and does not move the others.
        world.family(me).await?;
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, expected);
    let first = world.plans(me)?.list_plans(pb::ListPlansRequest { page_size: 2, ..Default::default() }).await?.into_inner();
    let request = pb::ListPlansRequest { page_size: 2, page_token: first.next_page_token };
    assert_eq!(violations(world.plans(other)?.list_plans(request).await), ["page_token"], "a token of another caller");
    Ok(())
}
