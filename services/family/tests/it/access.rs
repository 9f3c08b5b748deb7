//! Who may call which method, and then on whose plan.

use orchard_proto::DESCRIPTORS;
use orchard_proto::family::v1 as pb;
use orchard_testkit::answer::refusal;
use orchard_testkit::matrix::Actor::{self, Operator, Service, ServiceForUser};
use orchard_testkit::matrix::Admits::{Hidden, Only};
use orchard_testkit::matrix::{Method, Table, USERS, call, findings, gaps, naming};
use pb::MemberRole;
use prost::Message as _;
use prost_types::FieldMask;
use uuid::Uuid;

use crate::world::{World, euros, id, spend};

/// A service, for itself and for a user.
macro_rules! of {
    ($service:literal) => {
        &[Service($service), ServiceForUser($service)]
    };
}

const PACKAGE: &str = "orchard.family.v1";

const BILLING: &[Actor] = of!("billing");
const SELLERS: &[&[Actor]] = &[of!("consultation"), of!("commerce")];

const TABLE: &Table = &[
    ("PlanService/CreatePlan", Only(&[USERS])),
    ("PlanService/GetPlan", Only(&[USERS])),
    ("PlanService/GetFamilySummary", Only(&[USERS])),
    ("PlanService/ListPlans", Only(&[USERS])),
    ("PlanService/UpdatePlan", Only(&[USERS])),
    ("PlanService/DeactivatePlan", Only(&[USERS])),
    ("PlanService/ReactivatePlan", Only(&[USERS])),
    ("PlanService/OfferPlan", Only(&[USERS])),
    ("PlanService/AcceptPlan", Only(&[USERS])),
    ("PlanService/WithdrawPlanOffer", Only(&[USERS])),
    ("PlanService/ChangePlanType", Only(&[BILLING])),
    ("MemberService/ListFormerMembers", Only(&[USERS])),
    ("MemberService/ListMembers", Only(&[USERS])),
    ("MemberService/UpdateMember", Only(&[USERS])),
    ("MemberService/GetMember", Only(&[USERS])),
    ("MemberService/AddChild", Only(&[USERS])),
    ("MemberService/ChangeMemberRole", Only(&[USERS])),
    ("MemberService/LeavePlan", Only(&[USERS])),
    ("MemberService/RemoveMember", Only(&[USERS])),
    ("MemberService/BanMember", Only(&[USERS])),
    ("MemberService/UnbanMember", Only(&[USERS])),
    ("MemberService/CheckPermission", Only(&[of!("social"), of!("recipe"), of!("consultation"), of!("commerce")])),
    ("MemberService/BatchGetMemberships", Only(&[of!("social"), of!("recipe"), of!("consultation"), of!("edge")])),
    ("InvitationService/CreateInvitation", Only(&[USERS])),
    ("InvitationService/AcceptInvitation", Only(&[USERS])),
    ("InvitationService/DeclineInvitation", Only(&[USERS])),
    ("InvitationService/RevokeInvitation", Only(&[USERS])),
    ("InvitationService/ListInvitations", Only(&[USERS])),
    ("InvitationService/ListMyInvitations", Only(&[USERS])),
    ("WalletService/Deposit", Only(&[BILLING])),
    ("WalletService/Spend", Only(&[USERS])),
    ("WalletService/ListEntries", Only(&[USERS])),
    ("WalletService/GetWallet", Only(&[USERS])),
    ("HoldService/CreateHold", Only(&[&[ServiceForUser("consultation"), ServiceForUser("commerce")]])),
    ("HoldService/GetHold", Only(SELLERS)),
    ("HoldService/CaptureHold", Only(SELLERS)),
    ("HoldService/ReleaseHold", Only(SELLERS)),
    ("HoldService/RefundHold", Only(SELLERS)),
    ("NutritionService/RecordIntake", Only(&[USERS])),
    ("NutritionService/UpdateIntake", Only(&[USERS])),
    ("NutritionService/DeleteIntake", Only(&[USERS])),
    ("NutritionService/ListIntakes", Only(&[USERS])),
    ("NutritionService/GetWeeklySummary", Only(&[USERS])),
];

/// It tells of events, and is told of none.
const EVENTS: &Table = &[
    ("InboxService/DeliverEvents", Hidden),
    ("OutboxService/ListParkedEvents", Only(&[&[Operator]])),
    ("OutboxService/ReplayParkedEvent", Only(&[&[Operator]])),
    ("OutboxService/DiscardParkedEvent", Only(&[&[Operator]])),
];

const SOCIAL: &[Actor] = of!("social");

const PRIVACY: &Table =
    &[("PrivacyService/EraseUser", Only(&[&[Operator], SOCIAL])), ("PrivacyService/ExportUser", Only(&[USERS, SOCIAL]))];

#[tokio::test]
async fn each_method_admits_those_it_is_for() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    for (package, table) in [(PACKAGE, TABLE), ("orchard.events.v1", EVENTS), ("orchard.privacy.v1", PRIVACY)] {
        let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}

const OK: &str = "";
const ROLE: &str = "ROLE_NOT_PERMITTED";
const SPEND: &str = "SPENDING_NOT_PERMITTED";
const PLAN: &str = "PLAN_NOT_FOUND";
const KIND: &str = "CALLER_NOT_ADMITTED";
const HOLDER: &str = "HOLDER_MUST_TRANSFER";
const FULL: &str = "PLAN_FULL";

/// What each of these is told of the plan: its holder, another admin, a member, a child, a guest, one who was a member, a
/// stranger. One who is banned is told what one is who was a member.
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
    // The last two: they end what the others need.
    ("MemberService/LeavePlan", [HOLDER, OK, OK, OK, OK, PLAN, PLAN]),
    ("PlanService/DeactivatePlan", [OK, PLAN, PLAN, PLAN, PLAN, PLAN, PLAN]),
];

/// A request for a row of [`OWN_PLAN`] on any plan, which is good but for who sends it.
fn request(row: &str, plan: &str, caller: Uuid, another: Uuid, holder: Uuid) -> Option<Vec<u8>> {
    let family_plan_id = plan.to_owned();
    Some(match row {
        "PlanService/GetPlan" => pb::GetPlanRequest { family_plan_id }.encode_to_vec(),
        "PlanService/GetFamilySummary" => pb::GetFamilySummaryRequest { family_plan_id }.encode_to_vec(),
        "PlanService/UpdatePlan" => {
            let plan = pb::FamilyPlan { family_plan_id, time_zone: "UTC".to_owned(), ..Default::default() };
            let update_mask = Some(FieldMask { paths: vec!["time_zone".to_owned()] });
            pb::UpdatePlanRequest { plan: Some(plan), update_mask }.encode_to_vec()
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
    let update_mask = Some(FieldMask { paths: vec![path.to_owned()] });
    pb::UpdateMemberRequest { member: Some(member), update_mask }.encode_to_vec()
}

fn invite(plan: &str, role: MemberRole) -> Vec<u8> {
    let (family_plan_id, invitee_user_id, request_id) = (plan.to_owned(), id().to_string(), id().to_string());
    pb::CreateInvitationRequest { family_plan_id, invitee_user_id, role: role.into(), request_id, ..Default::default() }
        .encode_to_vec()
}

impl World {
    /// A plan with money and one of each role in it, in the order of [`OWN_PLAN`].
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
        // Full, so that adding a child adds none.
        self.lower(&plan, people[0], 5).await?;
        self.deposit(&plan, 1_000, &id().to_string()).await?;
        // An invitation by the holder, of the plan's id: so a row finds it.
        let invite = "INSERT INTO family_invitations (id, family_plan_id, invited_by, token_hash, role, expires_at)
            VALUES ($1, $1, $2, uuid_send($1), 'guest', now() + interval '1 day')";
        self.slice.schema.connect().await?.execute(invite, &[&Uuid::parse_str(&plan)?, &people[0]]).await?;
        Ok((plan, people))
    }

    async fn told(
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
async fn each_role_does_in_its_own_plan_what_it_may_and_nothing_in_anothers() -> anyhow::Result<()> {
    let world = World::strict().await?;
    let methods = naming(DESCRIPTORS, PACKAGE, "family_plan_id")?;
    assert_eq!(gaps(&methods, OWN_PLAN.iter().map(|(row, _)| *row)), Vec::<String>::new());
    let (plan, people) = world.one_of_each().await?;
    let (others, strangers) = world.one_of_each().await?;
    for (row, expected) in OWN_PLAN {
        for (number, (caller, reason)) in people.into_iter().zip(expected.iter().chain([&expected[5]])).enumerate() {
            // Somebody else who is a member.
            let another = people[if number == 2 { 0 } else { 2 }];
            assert_eq!(world.told(&methods, row, &plan, caller, (another, people[0])).await?, *reason, "{row}, {number}");
            let hidden = if *reason == KIND { KIND } else { PLAN };
            assert_eq!(
                world.told(&methods, row, &others, caller, (strangers[2], strangers[0])).await?,
                hidden,
                "{row} elsewhere, {number}"
            );
        }
    }
    Ok(())
}
