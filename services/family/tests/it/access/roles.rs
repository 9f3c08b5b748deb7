//! The rights of each role in its own plan, and in another one.

use orchard_proto::DESCRIPTORS;
use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refusal;
use orchard_testkit::matrix::{Method, call, gaps, naming};
use pb::MemberRole;
use prost::Message as _;
use uuid::Uuid;

use super::PACKAGE;
use crate::world::{World, euros, id, mask, spend};

const OK: &str = "";
const ROLE: &str = "ROLE_NOT_PERMITTED";
const SPEND: &str = "SPENDING_NOT_PERMITTED";
const PLAN: &str = "PLAN_NOT_FOUND";
const KIND: &str = "CALLER_NOT_ADMITTED";
const HOLDER: &str = "HOLDER_MUST_TRANSFER";
const FULL: &str = "PLAN_FULL";
const CHILD: &str = "CHILD_NOT_PERMITTED";

/// The reasons that these callers get: the holder, another admin, a member, a child, a guest, a former member, a stranger. A banned user
/// gets those of a former member.
const OWN_PLAN: &[(&str, [&str; 7])] = &[
    ("PlanService/GetPlan", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("PlanService/GetFamilySummary", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("PlanService/UpdatePlan", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("PlanService/ReactivatePlan", [OK, ROLE, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("PlanService/OfferPlan", ["NOT_AN_ADMIN", ROLE, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("PlanService/AcceptPlan", [OK, "PLAN_NOT_OFFERED", "PLAN_NOT_OFFERED", "PLAN_NOT_OFFERED", "PLAN_NOT_OFFERED", PLAN, PLAN]),
    ("PlanService/WithdrawPlanOffer", [OK, ROLE, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("PlanService/ChangePlanType", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("MemberService/GetMember", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/AddChild", [FULL, FULL, FULL, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/ChangeMemberRole", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/RemoveMember of the holder", [HOLDER, HOLDER, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/BanMember of the holder", [HOLDER, HOLDER, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/UnbanMember", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/CheckPermission", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("MemberService/UpdateMember another's permissions", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/ListMembers", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/ListFormerMembers", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/UpdateMember own name", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/UpdateMember own privacy", [OK, OK, OK, OK, OK, PLAN, PLAN]),
    ("MemberService/UpdateMember another's name", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("MemberService/UpdateMember another's privacy", [ROLE, ROLE, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/CreateInvitation of an admin", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/CreateInvitation of a guest", [OK, OK, OK, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/RevokeInvitation of the holder's", [OK, OK, ROLE, ROLE, ROLE, PLAN, PLAN]),
    ("InvitationService/ListInvitations", [OK, OK, OK, ROLE, ROLE, PLAN, PLAN]),
    ("WalletService/Deposit", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("WalletService/Spend", [OK, OK, OK, SPEND, SPEND, PLAN, PLAN]),
    ("WalletService/ListEntries", [OK, OK, OK, OK, ROLE, PLAN, PLAN]),
    ("WalletService/GetWallet", [OK, OK, OK, OK, ROLE, PLAN, PLAN]),
    ("HoldService/CreateHold", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("HoldService/GetHold", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("HoldService/CaptureHold", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("HoldService/ReleaseHold", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    ("HoldService/RefundHold", [KIND, KIND, KIND, KIND, KIND, KIND, KIND]),
    // The last two take away what the rows above need.
    ("MemberService/LeavePlan", [HOLDER, OK, OK, CHILD, OK, PLAN, PLAN]),
    ("PlanService/DeactivatePlan", [OK, PLAN, PLAN, PLAN, PLAN, PLAN, PLAN]),
];

/// Returns a request for a row of [`OWN_PLAN`] that is valid for any plan.
fn request(row: &str, plan: &str, caller: Uuid, another: Uuid, holder: Uuid) -> Option<Vec<u8>> {
    let family_plan_id = plan.to_owned();
    Some(match row {
        "PlanService/GetPlan" => pb::GetPlanRequest { family_plan_id }.encode_to_vec(),
        "PlanService/GetFamilySummary" => pb::GetFamilySummaryRequest { family_plan_id }.encode_to_vec(),
        "PlanService/UpdatePlan" => {
            let plan = pb::FamilyPlan { family_plan_id, time_zone: "UTC".to_owned(), ..Default::default() };
            pb::UpdatePlanRequest { plan: Some(plan), update_mask: mask(&["time_zone"]) }.encode_to_vec()
        }
        "PlanService/DeactivatePlan" => pb::DeactivatePlanRequest { family_plan_id }.encode_to_vec(),
        "PlanService/ReactivatePlan" => pb::ReactivatePlanRequest { family_plan_id }.encode_to_vec(),
        "PlanService/OfferPlan" => pb::OfferPlanRequest { family_plan_id, user_id: another.to_string() }.encode_to_vec(),
        "PlanService/AcceptPlan" => pb::AcceptPlanRequest { family_plan_id }.encode_to_vec(),
        "PlanService/WithdrawPlanOffer" => pb::WithdrawPlanOfferRequest { family_plan_id }.encode_to_vec(),
        "PlanService/ChangePlanType" => {
            let plan_type = pb::PlanType::Premium.into();
            pb::ChangePlanTypeRequest { family_plan_id, plan_type, max_members: 0 }.encode_to_vec()
        }
        "MemberService/GetMember" => pb::GetMemberRequest { family_plan_id, user_id: another.to_string() }.encode_to_vec(),
        "MemberService/AddChild" => {
            let (display_name, request_id) = ("Pip".to_owned(), id().to_string());
            pb::AddChildRequest { family_plan_id, display_name, guardian_consent: true, request_id, ..Default::default() }
                .encode_to_vec()
        }
        "MemberService/ChangeMemberRole" => {
            let role = if another == holder { MemberRole::Admin } else { MemberRole::Member };
            pb::ChangeMemberRoleRequest { family_plan_id, user_id: another.to_string(), role: role.into() }.encode_to_vec()
        }
        "MemberService/LeavePlan" => pb::LeavePlanRequest { family_plan_id }.encode_to_vec(),
        "MemberService/RemoveMember of the holder" => {
            pb::RemoveMemberRequest { family_plan_id, user_id: holder.to_string() }.encode_to_vec()
        }
        "MemberService/BanMember of the holder" => {
            pb::BanMemberRequest { family_plan_id, user_id: holder.to_string() }.encode_to_vec()
        }
        "MemberService/UnbanMember" => pb::UnbanMemberRequest { family_plan_id, user_id: another.to_string() }.encode_to_vec(),
        "MemberService/CheckPermission" => {
            let (user_id, permission) = (another.to_string(), pb::Permission::Spend.into());
            pb::CheckPermissionRequest { family_plan_id, user_id, permission }.encode_to_vec()
        }
        "MemberService/UpdateMember another's permissions" => update(plan, another, "permissions.view_nutrition"),
        "MemberService/ListFormerMembers" => {
            pb::ListFormerMembersRequest { family_plan_id, ..Default::default() }.encode_to_vec()
        }
        "MemberService/ListMembers" => pb::ListMembersRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        "MemberService/UpdateMember own name" => update(plan, caller, "display_name"),
        "MemberService/UpdateMember own privacy" => update(plan, caller, "privacy_settings"),
        "MemberService/UpdateMember another's name" => update(plan, another, "display_name"),
        "MemberService/UpdateMember another's privacy" => update(plan, another, "privacy_settings"),
        "InvitationService/CreateInvitation of an admin" => invite(plan, MemberRole::Admin),
        "InvitationService/CreateInvitation of a guest" => invite(plan, MemberRole::Guest),
        "InvitationService/RevokeInvitation of the holder's" => {
            let invitation_id = family_plan_id.clone();
            pb::RevokeInvitationRequest { family_plan_id, invitation_id }.encode_to_vec()
        }
        "InvitationService/ListInvitations" => {
            pb::ListInvitationsRequest { family_plan_id, ..Default::default() }.encode_to_vec()
        }
        "WalletService/Deposit" => {
            let (reference, reason) = (id().to_string(), "Top-up".to_owned());
            pb::DepositRequest { family_plan_id, amount: euros(1), reference, reason }.encode_to_vec()
        }
        "WalletService/Spend" => spend(plan, 1, id()).encode_to_vec(),
        "WalletService/GetWallet" => pb::GetWalletRequest { family_plan_id }.encode_to_vec(),
        "HoldService/CreateHold" => pb::CreateHoldRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        "HoldService/GetHold" => pb::GetHoldRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        "HoldService/CaptureHold" => pb::CaptureHoldRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        "HoldService/ReleaseHold" => pb::ReleaseHoldRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        "HoldService/RefundHold" => pb::RefundHoldRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        "WalletService/ListEntries" => pb::ListEntriesRequest { family_plan_id, ..Default::default() }.encode_to_vec(),
        _ => return None,
    })
}

fn update(plan: &str, user: Uuid, path: &str) -> Vec<u8> {
    let (family_plan_id, user_id, display_name) = (plan.to_owned(), user.to_string(), "Bob".to_owned());
    let member = pb::Member { family_plan_id, user_id, display_name, ..Default::default() };
    pb::UpdateMemberRequest { member: Some(member), update_mask: mask(&[path]) }.encode_to_vec()
}

fn invite(plan: &str, role: MemberRole) -> Vec<u8> {
    let (family_plan_id, invitee_user_id, request_id) = (plan.to_owned(), id().to_string(), id().to_string());
    pb::CreateInvitationRequest { family_plan_id, invitee_user_id, role: role.into(), request_id, ..Default::default() }
        .encode_to_vec()
}

impl World {
    /// Creates a plan with money and a member of each role, in the order of [`OWN_PLAN`], and a banned user.
    async fn one_of_each(&self) -> anyhow::Result<(String, [Uuid; 8])> {
        let people: [Uuid; 8] = std::array::from_fn(|_| id());
        let plan = self.family(people[0]).await?;
        let roles = [MemberRole::Admin, MemberRole::Member, MemberRole::Child, MemberRole::Guest, MemberRole::Member];
        for (user, role) in people[1..].iter().zip(roles) {
            self.join(&plan, people[0], *user, role).await?;
        }
        self.leave(&plan, people[5]).await?;
        self.join(&plan, people[0], people[7], MemberRole::Admin).await?;
        self.ban(&plan, people[0], people[7]).await?;
        // Full, so that no child is added.
        self.lower(&plan, people[0], 5).await?;
        self.deposit(&plan, 1_000, &id().to_string()).await?;
        // The invitation has the id of the plan, so that the request can name it.
        let invite = "INSERT INTO family_invitations (id, family_plan_id, invited_by, token_hash, role, expires_at)
            VALUES ($1, $1, $2, uuid_send($1), 'guest', now() + interval '1 day')";
        self.slice.schema.connect().await?.execute(invite, &[&Uuid::parse_str(&plan)?, &people[0]]).await?;
        Ok((plan, people))
    }

    async fn reason(
        &self,
        methods: &[Method],
        row: &str,
        plan: &str,
        caller: Uuid,
        (another, holder): (Uuid, Uuid),
    ) -> anyhow::Result<String> {
        let method = methods.iter().find(|method| row.split(' ').next() == Some(&method.name)).expect("a method");
        let message = request(row, plan, caller, another, holder).expect("a request");
        let answer = call(&self.slice.user(caller)?, method, message).await;
        Ok(answer.err().map(|status| refusal(&status).reason).unwrap_or_default())
    }
}

#[tokio::test]
async fn each_role_has_its_rights_in_its_own_plan_and_sees_no_other_plan() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let methods = naming(DESCRIPTORS, PACKAGE, "family_plan_id")?;
    assert_eq!(gaps(&methods, OWN_PLAN.iter().map(|(row, _)| *row)), Vec::<String>::new());
    let (plan, people) = world.one_of_each().await?;
    let (others, strangers) = world.one_of_each().await?;
    for (row, expected) in OWN_PLAN {
        for (number, (caller, reason)) in people.into_iter().zip(expected.iter().chain([&expected[5]])).enumerate() {
            // Another member.
            let another = people[if number == 2 { 0 } else { 2 }];
            assert_eq!(world.reason(&methods, row, &plan, caller, (another, people[0])).await?, *reason, "{row}, {number}");
            let hidden = if *reason == KIND { KIND } else { PLAN };
            assert_eq!(
                world.reason(&methods, row, &others, caller, (strangers[2], strangers[0])).await?,
                hidden,
                "{row} elsewhere, {number}"
            );
        }
    }
    Ok(())
}
