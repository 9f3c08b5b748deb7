//! What a child cannot do by itself, in whichever plan it is one.

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_testkit::answer::refused;
use pb::MemberRole;
use uuid::Uuid;

use crate::invitations::named;
use crate::world::{World, denied, failed, id, not_found};

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
    // The end of the seat is not the end of being a child.
    world.remove(&plan, holder, child).await?;
    let created = world.family(child).await.map_err(|error| error.downcast::<tonic::Status>().expect("a status"));
    assert_eq!(refused(created), not_permitted());
    assert_eq!(world.children_among(&[child, holder]).await?, [child.to_string()]);
    Ok(())
}

#[tokio::test]
async fn a_child_is_released_by_the_guardian_the_holder_or_an_operator() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, guardian, member, stranger) = (id(), id(), id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, guardian, MemberRole::Member).await?;
    world.join(&plan, holder, member, MemberRole::Member).await?;
    let unknown = || not_found("CHILD_NOT_FOUND");
    for releaser in [holder, guardian] {
        let child = world.child_of(&plan, guardian).await?;
        for other in [member, stranger, child] {
            assert_eq!(refused(world.release_child(other, child).await), unknown());
        }
        assert_eq!(
            refused(world.set_role(&plan, holder, child, MemberRole::Member).await),
            failed("CHILD_NOT_RELEASED"),
            "an admin cannot end it by a role"
        );
        world.release_child(releaser, child).await?;
        assert_eq!(world.member(&plan, holder, child).await?.role(), MemberRole::Member);
        assert_eq!(world.children_among(&[child]).await?, Vec::<String>::new());
        world.release_child(releaser, child).await?;
        world.leave(&plan, child).await?;
        world.family(child).await?;
    }
    assert_eq!(refused(world.release_child(holder, member).await), unknown(), "an adult");

    // Anyone can make a plan and invite a child as a guest, which gives them no say.
    let child = world.child_of(&plan, guardian).await?;
    let strangers = world.family(stranger).await?;
    world.join(&strangers, stranger, child, MemberRole::Guest).await?;
    assert_eq!(refused(world.release_child(stranger, child).await), unknown());

    // A guardian who has become a child answers for nobody.
    world.leave(&plan, guardian).await?;
    world.join(&plan, holder, guardian, MemberRole::Child).await?;
    assert_eq!(refused(world.release_child(guardian, child).await), denied("CHILD_NOT_PERMITTED"));

    // Without a seat, only the guardian or an operator is left.
    world.remove(&plan, holder, child).await?;
    assert_eq!(refused(world.release_child(holder, child).await), unknown());
    let request = pb::ReleaseChildRequest { user_id: child.to_string() };
    MemberServiceClient::new(world.slice.user_with(stranger, &["operator"])?).release_child(request).await?;
    assert_eq!(world.children_among(&[child]).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn the_holder_answers_for_the_children_of_an_erased_guardian() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, guardian) = (id(), id());
    let plan = world.family(holder).await?;
    world.join(&plan, holder, guardian, MemberRole::Member).await?;
    let child = world.child_of(&plan, guardian).await?;
    let answers = |adult: Uuid| [pb::Guardianship { child_user_id: child.to_string(), guardian_user_id: adult.to_string() }];
    assert_eq!(world.guardianships(&[child, guardian, holder]).await?, answers(guardian));
    world.erase(guardian).await?;
    assert_eq!(world.children_among(&[child]).await?, [child.to_string()]);
    assert_eq!(world.guardianships(&[child]).await?, answers(holder));
    world.remove(&plan, holder, child).await?;
    world.release_child(holder, child).await?;
    Ok(())
}

#[tokio::test]
async fn a_holder_takes_no_childs_seat() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let (holder, other) = (id(), id());
    let (plan, _own) = (world.family(holder).await?, world.family(other).await?);
    let invitation = named(world.invite(&plan, holder, Some(other), MemberRole::Child).await?);
    assert_eq!(refused(world.accept(other, &invitation).await), failed("HOLDER_MUST_TRANSFER"));
    assert_eq!(world.children_among(&[other]).await?, Vec::<String>::new());
    Ok(())
}

impl World {
    /// Adds a child to a plan.
    pub async fn child_of(&self, plan: &str, guardian: Uuid) -> anyhow::Result<Uuid> {
        let request = pb::AddChildRequest {
            family_plan_id: plan.to_owned(),
            display_name: "Pip".to_owned(),
            guardian_consent: true,
            request_id: id().to_string(),
            ..Default::default()
        };
        let child = self.members(guardian)?.add_child(request).await?.into_inner().member.expect("a member");
        Ok(child.user_id.parse()?)
    }

    async fn release_child(&self, adult: Uuid, child: Uuid) -> Result<(), tonic::Status> {
        let request = pb::ReleaseChildRequest { user_id: child.to_string() };
        self.members(adult).expect("a client").release_child(request).await.map(drop)
    }

    async fn guardianships(&self, users: &[Uuid]) -> anyhow::Result<Vec<pb::Guardianship>> {
        let request = pb::BatchGetMembershipsRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
        let mut client = MemberServiceClient::new(self.slice.service("consultation")?);
        Ok(client.batch_get_memberships(request).await?.into_inner().guardianships)
    }

    async fn children_among(&self, users: &[Uuid]) -> anyhow::Result<Vec<String>> {
        let request = pb::BatchGetMembershipsRequest { user_ids: users.iter().map(Uuid::to_string).collect() };
        let mut client = MemberServiceClient::new(self.slice.service("social")?);
        Ok(client.batch_get_memberships(request).await?.into_inner().child_user_ids)
    }
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
