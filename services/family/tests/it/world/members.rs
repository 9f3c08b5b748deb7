//! Calls that change members and seats.

use orchard_proto::family::v1 as pb;
use orchard_proto::family::v1::member_service_client::MemberServiceClient;
use orchard_proto::family::v1::plan_service_client::PlanServiceClient;
use pb::MemberRole;
use tonic::Status;
use uuid::Uuid;

use super::World;

impl World {
    pub async fn leave(&self, plan: &str, user: Uuid) -> Result<(), Status> {
        let request = pb::LeavePlanRequest { family_plan_id: plan.to_owned() };
        self.members(user).expect("client").leave_plan(request).await.map(|_| ())
    }

    pub async fn set_role(&self, plan: &str, by: Uuid, user: Uuid, role: MemberRole) -> Result<pb::Member, Status> {
        let request =
            pb::ChangeMemberRoleRequest { family_plan_id: plan.to_owned(), user_id: user.to_string(), role: role.into() };
        let mut client = self.members(by).expect("client");
        Ok(client.change_member_role(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn remove(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::RemoveMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").remove_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn ban(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::BanMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").ban_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn unban(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::UnbanMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").unban_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn member(&self, plan: &str, by: Uuid, user: Uuid) -> Result<pb::Member, Status> {
        let request = pb::GetMemberRequest { family_plan_id: plan.to_owned(), user_id: user.to_string() };
        Ok(self.members(by).expect("client").get_member(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn add_child(&self, plan: &str, by: Uuid, consent: bool, request: Uuid) -> Result<pb::Member, Status> {
        let request = pb::AddChildRequest {
            family_plan_id: plan.to_owned(),
            display_name: "Pip".to_owned(),
            relationship: "child".to_owned(),
            guardian_consent: consent,
            request_id: request.to_string(),
        };
        Ok(self.members(by).expect("client").add_child(request).await?.into_inner().member.expect("a member"))
    }

    pub async fn bill(&self, plan: &str, plan_type: pb::PlanType, max_members: i32) -> Result<pb::FamilyPlan, Status> {
        let request = pb::ChangePlanTypeRequest { family_plan_id: plan.to_owned(), plan_type: plan_type.into(), max_members };
        let mut client = PlanServiceClient::new(self.slice.service("billing").expect("client"));
        Ok(client.change_plan_type(request).await?.into_inner().plan.expect("a plan"))
    }

    pub async fn may(&self, plan: &str, user: Uuid, permission: pb::Permission) -> anyhow::Result<bool> {
        let request = pb::CheckPermissionRequest {
            family_plan_id: plan.to_owned(),
            user_id: user.to_string(),
            permission: permission.into(),
        };
        let mut client = MemberServiceClient::new(self.slice.service("consultation")?);
        Ok(client.check_permission(request).await?.into_inner().permitted)
    }

    /// Returns the number of seats taken. Counter and rows must agree, and not exceed the number of seats.
    pub async fn seats(&self, plan: &str) -> anyhow::Result<i64> {
        let query = "SELECT p.active_members::bigint, p.max_members::bigint,
            (SELECT count(*) FROM family_members m WHERE m.family_plan_id = p.id AND m.is_active) FROM family_plans p WHERE p.id = $1";
        let row = self.slice.schema.connect().await?.query_one(query, &[&Uuid::parse_str(plan)?]).await?;
        let (counted, most, rows): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(counted, rows, "counter and rows agree");
        assert!(counted <= most, "{counted} of {most}");
        Ok(rows)
    }
}
