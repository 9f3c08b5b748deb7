//! What a child cannot do by itself, in whichever plan it is one.

use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refused;
use pb::MemberRole;

use crate::invitations::named;
use crate::world::{World, denied, failed, id};

#[tokio::test]
async fn a_child_stays_makes_no_plan_takes_no_adults_seat_and_holds_nothing() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, child, stranger) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let others = world.family(stranger).await?;
    // An adult of another family, who then becomes a child of this one.
    world.join(&others, stranger, child, MemberRole::Admin).await?;
    world.join(&plan, holder, child, MemberRole::Child).await?;
    let not_permitted = || denied("CHILD_NOT_PERMITTED");
    assert_eq!(refused(world.leave(&plan, child).await), not_permitted());
    assert_eq!(
        refused(world.family(child).await.map_err(|error| error.downcast::<tonic::Status>().expect("a status"))),
        not_permitted()
    );
    assert_eq!(refused(world.invite(&others, child, Some(id()), MemberRole::Guest).await), not_permitted());
    let offer = pb::OfferPlanRequest { family_plan_id: others.clone(), user_id: child.to_string() };
    assert_eq!(refused(world.plans(stranger)?.offer_plan(offer).await), failed("NOT_AN_ADMIN"));
    let adult = id();
    let more = world.family(adult).await?;
    for (role, is_refused) in [(MemberRole::Member, true), (MemberRole::Admin, true), (MemberRole::Guest, false)] {
        let invitation = named(world.invite(&more, adult, Some(child), role).await?);
        let answer = world.accept(child, &invitation).await;
        if is_refused {
            assert_eq!(refused(answer), not_permitted());
            let revoke = pb::RevokeInvitationRequest { family_plan_id: more.clone(), invitation_id: invitation };
            world.invitations(adult)?.revoke_invitation(revoke).await?;
        } else {
            answer?;
        }
    }
    // An adult of the plan ends it.
    world.remove(&plan, holder, child).await?;
    world.family(child).await?;
    Ok(())
}

#[tokio::test]
async fn an_admin_with_a_limit_can_step_down() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, admin) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, admin, MemberRole::Admin).await?;
    world.limit(&plan, holder, admin, Some(1_000)).await?;
    assert_eq!(world.set_role(&plan, admin, admin, MemberRole::Member).await?.role(), MemberRole::Member);
    Ok(())
}

/// What a blocked user sends looks sent.
#[tokio::test]
async fn invitations_of_blocked_users_do_not_arrive() -> anyhow::Result<()> {
    use orchard_proto::events::v1::inbox_service_client::InboxServiceClient;
    use orchard_proto::events::v1::{DeliverEventsRequest, Event};
    use orchard_proto::social::v1::{UserBlocked, UserUnblocked};
    use prost_types::Any;

    let world = World::strict().await?;
    let (holder, invitee, pair) = (id(), id(), id());
    let plan = world.family(holder).await?;
    let deliver = async |sequence: i64, payload: Any| {
        let event = Event {
            event_id: id().to_string(),
            aggregate_id: pair.to_string(),
            sequence,
            occur_time: Some(prost_types::Timestamp::default()),
            payload: Some(payload),
            ..Default::default()
        };
        InboxServiceClient::new(world.slice.service("social")?)
            .deliver_events(DeliverEventsRequest { events: vec![event] })
            .await?;
        anyhow::Ok(())
    };
    let received = async || {
        let request = pb::ListMyInvitationsRequest::default();
        anyhow::Ok(world.invitations(invitee)?.list_my_invitations(request).await?.into_inner().invitations.len())
    };
    let (blocker_user_id, blocked_user_id) = (invitee.to_string(), holder.to_string());
    let blocked = UserBlocked { blocker_user_id: blocker_user_id.clone(), blocked_user_id: blocked_user_id.clone() };
    deliver(1, Any::from_msg(&blocked)?).await?;
    let sent = world.invite(&plan, holder, Some(invitee), MemberRole::Member).await?;
    assert_eq!(sent.invitation.as_ref().map(pb::Invitation::status), Some(pb::InvitationStatus::Pending));
    let invitation = named(sent);
    assert_eq!(received().await?, 0);
    assert_eq!(refused(world.accept(invitee, &invitation).await).1, "INVITATION_NOT_FOUND");
    let listed = pb::ListInvitationsRequest { family_plan_id: plan.clone(), ..Default::default() };
    assert_eq!(world.invitations(holder)?.list_invitations(listed).await?.into_inner().invitations.len(), 1);
    deliver(2, Any::from_msg(&UserUnblocked { blocker_user_id, blocked_user_id })?).await?;
    assert_eq!(received().await?, 1);
    Ok(())
}
