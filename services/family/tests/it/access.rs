//! The callers that each method admits.

mod roles;

use orchard_proto::DESCRIPTORS;
use orchard_testkit::matrix::Actor::{self, Operator, Service, ServiceForUser};
use orchard_testkit::matrix::Admits::Only;
use orchard_testkit::matrix::{Table, USERS, findings};

use crate::world::World;

/// A service, with and without a user.
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
    ("MemberService/ReleaseChild", Only(&[USERS])),
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

/// The slice publishes events, and consumes none.
const EVENTS: &Table = &[
    ("InboxService/DeliverEvents", Only(&[of!("consultation"), of!("family"), of!("recipe"), of!("social")])),
    ("OutboxService/ListParkedEvents", Only(&[&[Operator]])),
    ("OutboxService/ReplayParkedEvent", Only(&[&[Operator]])),
    ("OutboxService/DiscardParkedEvent", Only(&[&[Operator]])),
];

const SOCIAL: &[Actor] = of!("social");

const PRIVACY: &Table =
    &[("PrivacyService/EraseUser", Only(&[&[Operator], SOCIAL])), ("PrivacyService/ExportUser", Only(&[USERS, SOCIAL]))];

#[tokio::test]
async fn each_method_admits_only_its_callers() -> anyhow::Result<()> {
    let slice = World::start().await?.slice;
    for (package, table) in [(PACKAGE, TABLE), ("orchard.events.v1", EVENTS), ("orchard.privacy.v1", PRIVACY)] {
        let findings = findings(&slice.running.channel()?, &slice.keys, DESCRIPTORS, package, table).await?;
        assert_eq!(findings, Vec::<String>::new());
    }
    Ok(())
}
