//! Restricted permissions, which their members cannot lift.

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MemberRole;

use crate::world::{World, denied, failed, id};

/// A restricted member could otherwise use a second account, or an admin whose restrictions they lift in turn.
#[tokio::test]
async fn restricted_members_cannot_lift_restrictions() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, member, admin, other) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    world.join(&plan, holder, other, MemberRole::Member).await?;
    let before = world.invite(&plan, member, None, MemberRole::Member).await?;
    world.limit(&plan, holder, member, Some(1_000)).await?;
    world.limit(&plan, holder, admin, Some(1_000)).await?;
    world.limit(&plan, holder, other, Some(1_000)).await?;
    let role = denied("ROLE_NOT_PERMITTED");
    let not_pending = failed("INVITATION_NOT_PENDING");
    assert_eq!(
        refused(world.accept_token(id(), &before.token).await),
        not_pending,
        "invitations of before the restriction are revoked"
    );
    for by in [member, admin] {
        assert_eq!(refused(world.invite(&plan, by, None, MemberRole::Member).await), role);
        world.invite(&plan, by, None, MemberRole::Guest).await?;
    }
    assert_eq!(refused(world.invite(&plan, admin, Some(id()), MemberRole::Admin).await), role);
    assert_eq!(refused(world.set_role(&plan, admin, other, MemberRole::Admin).await), role);
    world.set_role(&plan, admin, other, MemberRole::Guest).await?;
    assert!(world.limit(&plan, admin, member, None).await.is_err(), "the limit of another member");
    let zone = pb::FamilyPlan { family_plan_id: plan.clone(), time_zone: "Pacific/Apia".to_owned(), ..Default::default() };
    assert_eq!(refused(world.change(zone.clone(), admin, &["time_zone"]).await), role, "a limited admin keeps the time zone");
    world.change(zone, holder, &["time_zone"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_new_holder_has_no_restrictions() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, heir, last) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, heir, MemberRole::Admin).await?;
    world.join(&plan, holder, last, MemberRole::Member).await?;
    world.deposit(&plan, 5_000, "pay-1").await?;
    world.limit(&plan, holder, heir, Some(0)).await?;
    world.limit(&plan, holder, last, Some(0)).await?;
    let offer = pb::OfferPlanRequest { family_plan_id: plan.clone(), user_id: heir.to_string() };
    world.plans(holder)?.offer_plan(offer).await?;
    world.plans(heir)?.accept_plan(pb::AcceptPlanRequest { family_plan_id: plan.clone() }).await?;
    world.spend(&plan, heir, 100, id()).await?;
    world.leave(&plan, holder).await?;
    world.erase(heir).await?;
    assert_eq!(world.read(&plan, last).await?.holder_user_id, last.to_string());
    world.spend(&plan, last, 100, id()).await?;
    Ok(())
}
