//! Blocks, which the social service tells of. What a blocked user sends looks sent.

use orchard_proto::events::v1::inbox_service_client::InboxServiceClient;
use orchard_proto::events::v1::{DeliverEventsRequest, Event};
use orchard_proto::family::v1 as pb;
use orchard_proto::social::v1::{UserBlocked, UserUnblocked};
use orchard_testkit::answer::refused;
use pb::MemberRole;
use prost_types::Any;
use uuid::Uuid;

use crate::invitations::named;
use crate::world::{World, denied, failed, id};

impl World {
    /// Delivers an event about a pair of users.
    async fn tell(&self, pair: Uuid, sequence: i64, payload: Any) -> anyhow::Result<()> {
        let event = Event {
            event_id: id().to_string(),
            aggregate_id: pair.to_string(),
            sequence,
            occur_time: Some(prost_types::Timestamp::default()),
            payload: Some(payload),
            ..Default::default()
        };
        let request = DeliverEventsRequest { events: vec![event] };
        InboxServiceClient::new(self.slice.service("social")?).deliver_events(request).await?;
        Ok(())
    }
}

#[tokio::test]
async fn offers_of_blocked_holders_do_not_arrive() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, admin, pair) = (id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    let (blocker_user_id, blocked_user_id) = (admin.to_string(), holder.to_string());
    let blocked = UserBlocked { blocker_user_id: blocker_user_id.clone(), blocked_user_id: blocked_user_id.clone() };
    world.tell(pair, 1, Any::from_msg(&blocked)?).await?;
    let offer = pb::OfferPlanRequest { family_plan_id: plan.clone(), user_id: admin.to_string() };
    let sent = world.plans(holder)?.offer_plan(offer).await?.into_inner().plan.expect("a plan");
    assert_eq!(sent.proposed_holder_user_id, admin.to_string());
    let accept = pb::AcceptPlanRequest { family_plan_id: plan.clone() };
    assert_eq!(world.read(&plan, admin).await?.proposed_holder_user_id, "");
    let listed = world.plans(admin)?.list_plans(pb::ListPlansRequest::default()).await?.into_inner().plans;
    assert_eq!(listed[0].proposed_holder_user_id, "");
    let renamed = pb::FamilyPlan { family_plan_id: plan.clone(), family_name: "Twig".to_owned(), ..Default::default() };
    assert_eq!(world.change(renamed, admin, &["family_name"]).await?.proposed_holder_user_id, "");
    assert_eq!(refused(world.plans(admin)?.accept_plan(accept.clone()).await), failed("PLAN_NOT_OFFERED"));
    let withdraw = pb::WithdrawPlanOfferRequest { family_plan_id: plan.clone() };
    assert_eq!(refused(world.plans(admin)?.withdraw_plan_offer(withdraw).await), denied("ROLE_NOT_PERMITTED"));
    world.tell(pair, 2, Any::from_msg(&UserUnblocked { blocker_user_id, blocked_user_id })?).await?;
    assert_eq!(world.read(&plan, admin).await?.proposed_holder_user_id, admin.to_string());
    world.plans(admin)?.accept_plan(accept).await?;
    Ok(())
}

#[tokio::test]
async fn invitations_of_blocked_users_do_not_arrive() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, invitee, pair) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let received = async || {
        let request = pb::ListMyInvitationsRequest::default();
        anyhow::Ok(world.invitations(invitee)?.list_my_invitations(request).await?.into_inner().invitations.len())
    };
    let (blocker_user_id, blocked_user_id) = (invitee.to_string(), holder.to_string());
    let blocked = UserBlocked { blocker_user_id: blocker_user_id.clone(), blocked_user_id: blocked_user_id.clone() };
    world.tell(pair, 1, Any::from_msg(&blocked)?).await?;
    let sent = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await?;
    assert_eq!(sent.invitation.as_ref().map(pb::Invitation::status), Some(pb::InvitationStatus::Pending));
    let invitation = named(sent);
    assert_eq!(received().await?, 0);
    assert_eq!(refused(world.accept(invitee, &invitation).await).1, "INVITATION_NOT_FOUND");
    let listed = pb::ListInvitationsRequest { family_plan_id: plan.clone(), ..Default::default() };
    assert_eq!(world.invitations(holder)?.list_invitations(listed).await?.into_inner().invitations.len(), 1);
    world.tell(pair, 2, Any::from_msg(&UserUnblocked { blocker_user_id, blocked_user_id })?).await?;
    assert_eq!(received().await?, 1);
    Ok(())
}
