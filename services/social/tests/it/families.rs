//! Family members as friends, from the events of the family service.

use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::{AddChildRequest, CreatePlanRequest, MemberJoined, MemberRole, RoleChanged};
use orchard_proto::social::v1 as pb;
use orchard_testkit::answer::{refused, violations};
use tonic::Code;
use uuid::Uuid;

use crate::friends::{Act, closed, event, joined, left, protected, released};
use crate::world::{World, id};

fn changed(plan: Uuid, sequence: i64, user: Uuid, role: MemberRole) -> orchard_proto::events::v1::Event {
    let (family_plan_id, user_id) = (plan.to_string(), user.to_string());
    event(plan, sequence, &RoleChanged { family_plan_id, user_id, role: role.into() })
}

impl World {
    async fn are_family(&self, one: Uuid, other: Uuid) -> anyhow::Result<bool> {
        let of = |friends: Vec<(Uuid, bool)>, user: Uuid| friends.contains(&(user, true));
        let (there, back) = (of(self.friends(one).await?, other), of(self.friends(other).await?, one));
        assert_eq!(there, back, "both are family, or neither");
        Ok(there)
    }

    async fn name_child(&self, adult: Uuid, child: Uuid, display_name: &str) -> Result<pb::Profile, tonic::Status> {
        let request = pb::NameChildRequest { user_id: child.to_string(), display_name: display_name.to_owned() };
        Ok(self.profiles(adult).expect("client").name_child(request).await?.into_inner().profile.expect("a profile"))
    }

    pub async fn add_child(&self, plan: Uuid, sequence: i64, child: Uuid, guardian: Option<Uuid>) -> anyhow::Result<()> {
        let (family_plan_id, user_id) = (plan.to_string(), child.to_string());
        let guardian_user_id = guardian.map(|id| id.to_string()).unwrap_or_default();
        let role = MemberRole::Child.into();
        let added = MemberJoined { family_plan_id, user_id, role, guardian_user_id, was_added: true };
        Ok(self.deliver("family", vec![event(plan, sequence, &added), protected(child, 1)]).await?)
    }
}

#[tokio::test]
async fn users_are_family_while_they_share_any_plan() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [alice, bob] = world.people().await?;
    let (one, other) = (id(), id());
    for plan in [one, other] {
        world.join_family(plan, 1, alice, MemberRole::Admin).await?;
        world.join_family(plan, 2, bob, MemberRole::Member).await?;
    }
    assert!(world.are_family(alice, bob).await?);
    assert_eq!(world.friends(alice).await?.len(), 1, "two shared plans make one friend");
    world.deliver("family", vec![left(one, 3, bob)]).await?;
    assert!(world.are_family(alice, bob).await?, "by the other plan");
    world.deliver("family", vec![closed(other, 3)]).await?;
    assert!(!world.are_family(alice, bob).await?);
    // The plan is reopened: each member joins again.
    world.deliver("family", vec![joined(other, 4, alice, MemberRole::Admin), joined(other, 5, bob, MemberRole::Member)]).await?;
    assert!(world.are_family(alice, bob).await?);
    Ok(())
}

/// This holds for any privacy level. Open requests are deleted: one that cannot be accepted would reveal that the user is a child.
#[tokio::test]
async fn only_friends_see_a_child() -> anyhow::Result<()> {
    let (world, _family) = World::with_family().await?;
    let [child, friend, parent, stranger, recipient] = world.people().await?;
    world.settle(child, pb::PrivacyLevel::Public).await?;
    world.befriend(child, friend).await?;
    world.request(stranger, child).await?;
    world.request(child, recipient).await?;
    assert!(world.sees(stranger, child).await? && world.sees(recipient, child).await?);
    let plan = id();
    world.join_family(plan, 1, parent, MemberRole::Admin).await?;
    world.join_family(plan, 2, child, MemberRole::Child).await?;
    for (viewer, sees) in [(stranger, false), (recipient, false), (friend, true), (parent, true), (child, true)] {
        assert_eq!(world.sees(viewer, child).await?, sees);
    }
    // The family service does not know of this plan: events alone make the child a child here.
    let [adult] = world.people().await?;
    assert_eq!(refused(world.act(Act::Send, adult, child).await), (Code::NotFound, "PROFILE_NOT_FOUND".to_owned()));
    assert_eq!(refused(world.act(Act::Send, child, adult).await), (Code::PermissionDenied, "CHILD_NOT_PERMITTED".to_owned()));
    let client = world.slice.schema.connect().await?;
    let open: i64 = client.query_one("SELECT count(*) FROM friendships WHERE status = 'requested'", &[]).await?.get(0);
    assert_eq!(open, 0, "open requests from and to the child");
    world.deliver("family", vec![left(plan, 3, child)]).await?;
    assert!(!world.sees(stranger, child).await?, "a child without a seat");
    world.deliver("family", vec![released(child, 2)]).await?;
    assert!(world.sees(stranger, child).await?, "no longer a child");
    Ok(())
}

#[tokio::test]
async fn friendships_and_family_do_not_affect_each_other() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [alice, bob, carol] = world.people().await?;
    world.befriend(alice, bob).await?;
    let plan = id();
    for (sequence, user) in [(1, alice), (2, bob), (3, carol)] {
        world.join_family(plan, sequence, user, MemberRole::Member).await?;
    }
    assert!(world.are_family(alice, bob).await? && world.are_family(alice, carol).await?);
    world.deliver("family", vec![left(plan, 4, alice)]).await?;
    assert_eq!(world.friends(alice).await?, [(bob, false)]);
    assert!(world.sees(alice, bob).await? && !world.sees(alice, carol).await?);
    // Removing a friend does not affect the family.
    world.deliver("family", vec![joined(plan, 5, alice, MemberRole::Member)]).await?;
    world.act(Act::Remove, alice, bob).await?;
    assert!(world.are_family(alice, bob).await? && world.sees(alice, bob).await?);
    Ok(())
}

#[tokio::test]
async fn guests_are_not_family_until_they_get_another_role() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [alice, guest, other] = world.people().await?;
    let plan = id();
    world.join_family(plan, 1, alice, MemberRole::Admin).await?;
    world.join_family(plan, 2, guest, MemberRole::Guest).await?;
    world.join_family(plan, 3, other, MemberRole::Guest).await?;
    assert!(!world.are_family(alice, guest).await? && !world.are_family(guest, other).await?);
    world.deliver("family", vec![changed(plan, 4, guest, MemberRole::Child)]).await?;
    assert!(world.are_family(alice, guest).await? && !world.are_family(guest, other).await?);
    world.deliver("family", vec![changed(plan, 5, guest, MemberRole::Guest)]).await?;
    assert!(!world.are_family(alice, guest).await?);
    Ok(())
}

#[tokio::test]
async fn late_and_repeated_events_have_no_effect() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [alice, bob] = world.people().await?;
    let plan = id();
    let all = [joined(plan, 1, alice, MemberRole::Admin), joined(plan, 2, bob, MemberRole::Member), left(plan, 3, bob)];
    world.deliver("family", all.to_vec()).await?;
    assert!(!world.are_family(alice, bob).await?);
    // Again one by one, then all together.
    for event in all.clone() {
        world.deliver("family", vec![event]).await?;
        assert!(!world.are_family(alice, bob).await?);
    }
    world.deliver("family", all.to_vec()).await?;
    assert!(!world.are_family(alice, bob).await?);
    // A role of a user who has left does not make them a member.
    world.deliver("family", vec![changed(plan, 4, bob, MemberRole::Admin)]).await?;
    assert!(!world.are_family(alice, bob).await?);
    world.join_family(plan, 5, bob, MemberRole::Member).await?;
    assert!(world.are_family(alice, bob).await?);
    Ok(())
}

#[tokio::test]
async fn an_added_child_is_named_by_its_guardian_or_an_admin() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let [admin, guardian, member, guest, stranger] = world.people().await?;
    let (plan, child) = (id(), id());
    let people =
        [(admin, MemberRole::Admin), (guardian, MemberRole::Member), (member, MemberRole::Member), (guest, MemberRole::Guest)];
    for (sequence, (user, role)) in (1..).zip(people) {
        world.join_family(plan, sequence, user, role).await?;
    }
    world.add_child(plan, 5, child, Some(guardian)).await?;
    assert!(world.are_family(guardian, child).await?, "the event creates its profile");
    let hidden = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
    for other in [member, guest, stranger, child] {
        assert_eq!(refused(world.name_child(other, child, "Mallory").await), hidden);
    }
    assert_eq!(world.name_child(guardian, child, "Pip").await?.display_name, "Pip");
    assert_eq!(world.name_child(admin, child, "Pippa").await?.display_name, "Pippa");
    // Admins name only children, and only of their own family.
    for other in [guardian, stranger, id()] {
        assert_eq!(refused(world.name_child(admin, other, "Mallory").await), hidden);
    }
    world.join_family(id(), 1, stranger, MemberRole::Admin).await?;
    assert_eq!(refused(world.name_child(stranger, child, "Mallory").await), hidden);
    assert_eq!(violations(world.name_child(guardian, child, "\u{202E}").await), ["display_name"]);

    // A guardian who is a guest, or has left, may not name the child. Users who are no longer children are named by no one else.
    world.deliver("family", vec![changed(plan, 6, guardian, MemberRole::Guest)]).await?;
    assert_eq!(refused(world.name_child(guardian, child, "Mallory").await), hidden);
    world.deliver("family", vec![changed(plan, 7, guardian, MemberRole::Member)]).await?;
    world.name_child(guardian, child, "Pip").await?;
    world.deliver("family", vec![left(plan, 8, guardian)]).await?;
    assert_eq!(refused(world.name_child(guardian, child, "Mallory").await), hidden);
    world.deliver("family", vec![changed(plan, 9, child, MemberRole::Member)]).await?;
    assert_eq!(refused(world.name_child(admin, child, "Mallory").await), hidden);
    Ok(())
}

#[tokio::test]
async fn a_child_who_has_accepted_an_invitation_is_not_named_by_others() -> anyhow::Result<()> {
    let world = World::start().await?;
    let [admin, teen] = world.people().await?;
    let plan = id();
    world.join_family(plan, 1, admin, MemberRole::Admin).await?;
    world.join_family(plan, 2, teen, MemberRole::Child).await?;
    assert_eq!(refused(world.name_child(admin, teen, "Mallory").await), (Code::NotFound, "PROFILE_NOT_FOUND".to_owned()));
    Ok(())
}

/// The family service of the test delivers no events.
#[tokio::test]
async fn a_child_whose_event_has_not_arrived_is_not_ready() -> anyhow::Result<()> {
    let (world, family) = World::with_family().await?;
    let [holder, stranger] = world.people().await?;
    let create = CreatePlanRequest { family_name: "The Pips".to_owned(), request_id: id().to_string(), ..Default::default() };
    let plan = PlanServiceClient::new(family.user(holder)?).create_plan(create).await?.into_inner().plan.expect("a plan");
    let add = AddChildRequest {
        family_plan_id: plan.family_plan_id.clone(),
        display_name: "Pip".to_owned(),
        guardian_consent: true,
        request_id: id().to_string(),
        ..Default::default()
    };
    let child = MemberServiceClient::new(family.user(holder)?).add_child(add).await?.into_inner().member.expect("a child");
    let (plan, child): (Uuid, Uuid) = (plan.family_plan_id.parse()?, child.user_id.parse()?);
    assert_eq!(refused(world.name_child(holder, child, "Pip").await), (Code::Aborted, "CHILD_NOT_READY".to_owned()));
    let hidden = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
    assert_eq!(refused(world.name_child(stranger, child, "Mallory").await), hidden);
    world.join_family(plan, 1, holder, MemberRole::Admin).await?;
    world.add_child(plan, 2, child, Some(holder)).await?;
    assert_eq!(world.name_child(holder, child, "Pip").await?.display_name, "Pip");
    Ok(())
}

#[tokio::test]
async fn registration_keeps_the_name_of_an_added_child() -> anyhow::Result<()> {
    let world = World::start().await?;
    let ([guardian], child, plan) = (world.people().await?, id(), id());
    world.join_family(plan, 1, guardian, MemberRole::Admin).await?;
    world.add_child(plan, 2, child, Some(guardian)).await?;
    world.name_child(guardian, child, "Pip").await?;
    let request = pb::RegisterProfileRequest {
        user_id: child.to_string(),
        display_name: "Philippa".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        privacy_level: pb::PrivacyLevel::Private.into(),
    };
    let profile = world.register(request).await?;
    assert_eq!((profile.display_name.as_str(), profile.time_zone.as_str()), ("Pip", "Europe/Berlin"));
    assert_eq!(profile.privacy_level(), pb::PrivacyLevel::Private);
    Ok(())
}
