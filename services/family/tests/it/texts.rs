//! Texts that people see, in every request.

use orchard_proto::DESCRIPTORS;
use orchard_testkit::texts::findings;

use crate::world::{World, id};

const TEXTS: &[&str] = &[
    "AddChildRequest.display_name",
    "AddChildRequest.relationship",
    "CoordinationPreferences.address_label",
    "CreateInvitationRequest.relationship",
    "CreatePlanRequest.family_name",
    "DepositRequest.reason",
    "FamilyGoals.note",
    "FamilyPlan.family_name",
    "Member.display_name",
    "Member.relationship",
    "RefundHoldRequest.reason",
    "SpendRequest.reason",
];

/// References of services, codes, and what the service alone sets. The reason of a hold comes from a service that acts for a user, by the
/// same reader as that of a refund.
const OTHERS: &[&str] = &[
    "AcceptInvitationRequest.token",
    "CaptureHoldRequest.reference",
    "CreateHoldRequest.reason",
    "CreateHoldRequest.reference",
    "CreatePlanRequest.time_zone",
    "DepositRequest.reference",
    "FamilyPlan.currency_code",
    "FamilyPlan.time_zone",
    "GetHoldRequest.reference",
    "RefundHoldRequest.reference",
    "RefundHoldRequest.refund_reference",
    "ReleaseHoldRequest.reference",
];

#[tokio::test]
async fn texts_that_people_see_are_visible() -> anyhow::Result<()> {
    let world = World::start().await?;
    let (user, billing) = (world.slice.user(id())?, world.slice.service("billing")?);
    let consultation = world.slice.service("consultation")?;
    let client = |method: &orchard_testkit::matrix::Method| {
        Ok(match method.name.as_str() {
            "WalletService/Deposit" => billing.clone(),
            "HoldService/RefundHold" => consultation.clone(),
            _ => user.clone(),
        })
    };
    let found = findings(DESCRIPTORS, "orchard.family.v1", (TEXTS, OTHERS), client).await?;
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}
