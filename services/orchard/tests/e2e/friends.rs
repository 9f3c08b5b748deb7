//! Friends and children, which the social slice knows from events and by calls to the family slice.

use orchard_proto::family::v1::AddChildRequest;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::{
    DeactivatePlanRequest, LeavePlanRequest, MemberRole, ReactivatePlanRequest, RemoveMemberRequest,
};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::friendship_service_client::FriendshipServiceClient;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_testkit::answer::{metadata, refused};
use orchard_testkit::client::insist;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::suite::{Suite, all_delivered, id};

impl Suite {
    async fn send_request(&self, me: Uuid, other: Uuid) -> Result<pb::FriendshipStatus, Status> {
        let request = pb::SendFriendRequestRequest { user_id: other.to_string() };
        let mut client = FriendshipServiceClient::new(self.user(me).expect("client"));
        Ok(client.send_friend_request(request).await?.into_inner().status())
    }

    async fn friends(&self, me: Uuid) -> anyhow::Result<Vec<(String, bool)>> {
        let mut client = FriendshipServiceClient::new(self.user(me)?);
        let friends = client.list_friends(pb::ListFriendsRequest::default()).await?.into_inner().friends;
        Ok(friends.into_iter().map(|one| (one.profile.expect("a profile").display_name, one.is_family)).collect())
    }

    async fn name_child(&self, adult: Uuid, child: &str, display_name: &str) -> Result<(), Status> {
        let request = pb::NameChildRequest { user_id: child.to_owned(), display_name: display_name.to_owned() };
        ProfileServiceClient::new(self.user(adult).expect("client")).name_child(request).await.map(|_| ())
    }
}

#[tokio::test]
async fn a_new_child_has_a_profile_and_a_name_and_cannot_request_friends() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let (holder, guardian, stranger) = (id(), id(), id());
    let plan = suite.plan(holder).await?;
    suite.join(&plan, holder, guardian, MemberRole::Member).await?;
    let add = AddChildRequest {
        family_plan_id: plan.clone(),
        display_name: "Pip".to_owned(),
        relationship: "child".to_owned(),
        guardian_consent: true,
        request_id: id().to_string(),
    };
    let child =
        MemberServiceClient::new(suite.user(guardian)?).add_child(add).await?.into_inner().member.expect("a member").user_id;
    insist(|| suite.name_child(guardian, &child, "Pip")).await?;
    all_delivered(&suite.family.schema).await?;
    suite.name_child(guardian, &child, "Pippin").await?;
    assert!(suite.friends(guardian).await?.contains(&("Pippin".to_owned(), true)));
    let hidden = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
    assert_eq!(refused(suite.name_child(stranger, &child, "Mallory").await), hidden);

    let child_id: Uuid = child.parse()?;
    assert_eq!(refused(suite.send_request(child_id, stranger).await), (Code::PermissionDenied, "CHILD_NOT_PERMITTED".to_owned()));
    assert_eq!(refused(suite.send_request(stranger, child_id).await), hidden);

    // Events of a reactivated plan name the guardians again.
    let mut plans = PlanServiceClient::new(suite.user(holder)?);
    plans.deactivate_plan(DeactivatePlanRequest { family_plan_id: plan.clone() }).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(refused(suite.name_child(guardian, &child, "Pip").await), hidden);
    plans.reactivate_plan(ReactivatePlanRequest { family_plan_id: plan.clone() }).await?;
    all_delivered(&suite.family.schema).await?;
    suite.name_child(guardian, &child, "Pip").await?;
    // So do those of an invited child.
    let remove = RemoveMemberRequest { family_plan_id: plan.clone(), user_id: child.clone() };
    MemberServiceClient::new(suite.user(holder)?).remove_member(remove).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(refused(suite.name_child(guardian, &child, "Pippin").await), hidden);
    suite.join(&plan, holder, child_id, MemberRole::Child).await?;
    all_delivered(&suite.family.schema).await?;
    suite.name_child(guardian, &child, "Pip").await?;
    MemberServiceClient::new(suite.user(guardian)?).leave_plan(LeavePlanRequest { family_plan_id: plan }).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(refused(suite.name_child(guardian, &child, "Pippin").await), hidden);
    suite.name_child(holder, &child, "Pippa").await?;
    assert_eq!(suite.friends(holder).await?, [("Pippa".to_owned(), true)]);
    Ok(())
}

#[tokio::test]
async fn without_the_family_service_no_friend_request_is_sent() -> anyhow::Result<()> {
    let mut suite = Suite::start().await?;
    let (alice, bob) = (id(), id());
    for user in [alice, bob] {
        // A user is known after the first call.
        suite.friends(user).await?;
        let get = pb::GetProfileRequest { user_id: user.to_string() };
        ProfileServiceClient::new(suite.user(user)?).get_profile(get).await?;
    }
    suite.family.stop().await?;
    let status = suite.send_request(alice, bob).await.expect_err("no family service");
    assert_eq!(metadata(&status, "upstream").as_deref(), Some("family"));
    assert_eq!(refused::<()>(Err(status)), (Code::Unavailable, "UPSTREAM_UNAVAILABLE".to_owned()));
    let settings = suite.family_settings();
    suite.family.start_again::<orchard_family::Service>(&settings).await?;
    assert_eq!(suite.send_request(alice, bob).await?, pb::FriendshipStatus::RequestSent);
    assert_eq!(suite.send_request(bob, alice).await?, pb::FriendshipStatus::Friends);
    assert_eq!(suite.friends(alice).await?.len(), 1);
    Ok(())
}
