//! The effects of events between slices, as users see them.

use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use orchard_proto::family::v1::{
    ChangeMemberRoleRequest, DeactivatePlanRequest, LeavePlanRequest, MemberRole, ReactivatePlanRequest,
};
use orchard_proto::social::v1 as pb;
use orchard_proto::social::v1::profile_service_client::ProfileServiceClient;
use orchard_testkit::answer::refused;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::suite::{Suite, all_delivered, id};

impl Suite {
    async fn register(&self, user: Uuid) -> anyhow::Result<()> {
        let request = pb::RegisterProfileRequest {
            user_id: user.to_string(),
            display_name: "Alice".to_owned(),
            time_zone: "UTC".to_owned(),
            privacy_level: pb::PrivacyLevel::FriendsOnly.into(),
        };
        ProfileServiceClient::new(self.service("identity", &self.social)?).register_profile(request).await?;
        Ok(())
    }

    async fn profile(&self, viewer: Uuid, user: Uuid) -> Result<String, Status> {
        let request = pb::GetProfileRequest { user_id: user.to_string() };
        let mut client = ProfileServiceClient::new(self.user(viewer).expect("client"));
        Ok(client.get_profile(request).await?.into_inner().profile.expect("a profile").display_name)
    }
}

#[tokio::test]
async fn a_new_member_sees_the_profiles_of_the_family() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let (alice, bob, guest, stranger) = (id(), id(), id(), id());
    suite.register(alice).await?;
    let plan = suite.plan(alice).await?;
    let hidden = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
    assert_eq!(refused(suite.profile(bob, alice).await), hidden, "not yet");
    suite.join(&plan, alice, bob, MemberRole::Child).await?;
    suite.join(&plan, alice, guest, MemberRole::Guest).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(suite.profile(bob, alice).await?, "Alice");
    assert_eq!(refused(suite.profile(guest, alice).await), hidden, "a guest is not a friend");
    assert_eq!(refused(suite.profile(stranger, alice).await), hidden);
    // Another family does not make them friends.
    suite.plan(stranger).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(refused(suite.profile(stranger, alice).await), hidden);
    Ok(())
}

#[tokio::test]
async fn a_former_member_no_longer_sees_the_profiles_of_the_family() -> anyhow::Result<()> {
    let suite = Suite::start().await?;
    let (alice, bob, carol) = (id(), id(), id());
    suite.register(alice).await?;
    let plan = suite.plan(alice).await?;
    suite.join(&plan, alice, bob, MemberRole::Member).await?;
    suite.join(&plan, alice, carol, MemberRole::Guest).await?;
    let hidden = (Code::NotFound, "PROFILE_NOT_FOUND".to_owned());
    let mut members = MemberServiceClient::new(suite.user(alice)?);
    let (family_plan_id, user_id) = (plan.clone(), carol.to_string());
    let role = MemberRole::Member.into();
    members.change_member_role(ChangeMemberRoleRequest { family_plan_id, user_id, role }).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(suite.profile(carol, alice).await?, "Alice", "a member now");

    MemberServiceClient::new(suite.user(bob)?).leave_plan(LeavePlanRequest { family_plan_id: plan.clone() }).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(refused(suite.profile(bob, alice).await), hidden);
    let mut plans = PlanServiceClient::new(suite.user(alice)?);
    plans.deactivate_plan(DeactivatePlanRequest { family_plan_id: plan.clone() }).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(refused(suite.profile(carol, alice).await), hidden);
    plans.reactivate_plan(ReactivatePlanRequest { family_plan_id: plan }).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(suite.profile(carol, alice).await?, "Alice", "the plan and her membership are active again");
    assert_eq!(refused(suite.profile(bob, alice).await), hidden);
    Ok(())
}

#[tokio::test]
async fn calls_do_not_wait_for_a_slice_that_is_down_and_events_reach_it_later() -> anyhow::Result<()> {
    let mut suite = Suite::start().await?;
    let (alice, bob) = (id(), id());
    suite.register(alice).await?;
    suite.social.stop().await?;
    let plan = suite.plan(alice).await?;
    suite.join(&plan, alice, bob, MemberRole::Member).await?;
    let settings = suite.social_settings();
    suite.social.start_again::<orchard_social::Service>(&settings).await?;
    all_delivered(&suite.family.schema).await?;
    assert_eq!(suite.profile(bob, alice).await?, "Alice");
    Ok(())
}
