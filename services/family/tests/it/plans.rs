use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use tonic::Code;

use crate::world::{World, euros, id};

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
